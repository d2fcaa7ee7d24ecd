'use strict';

/*
 * Sessions of another library in one process: `node serve.js LIBRARY URL BROWSER FOLDER`.
 *
 * Each line on stdin is the name of a further session. Lines on stdout: `{"waits": NAME}` once the library itself says
 * that its code waits for a scan, `{"ready": NAME}` once it says that it is ready. Whatever else it prints goes to stderr.
 * With stdin's end the browsers are closed and it ends.
 */
const readline = require('node:readline');

const [library, url, browser, folder] = process.argv.slice(2);
// Under root Chromium's sandbox can't work, for them as for us.
const args = process.getuid() === 0 ? ['--no-sandbox'] : [];

const answers = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);
const tell = (answer) => answers(`${JSON.stringify(answer)}\n`);

const { open } = require(`./${library}`);
const closers = [];

readline.createInterface({ input: process.stdin }).on('line', async (name) => {
  try {
    closers.push(await open(name, { url, browser, folder, args, waits: () => tell({ waits: name }) }));
    tell({ ready: name });
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}).on('close', async () => {
  await Promise.allSettled(closers.map((close) => close()));
  process.exit(0);
});
