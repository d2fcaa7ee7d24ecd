'use strict';

/*
 * Sessions of another library in one process: `node serve.js LIBRARY URL BROWSER FOLDER`.
 *
 * Each line on stdin is the name of a further session, or `{"name": NAME, "numbers": [...], "text": TEXT}`: that session
 * sends the text to each number, one after the other, as its library's own call does. Lines on stdout: `{"waits": NAME}`
 * once the library itself says that its code waits for a scan, `{"ready": NAME}` once it says that it is ready, `{"sent":
 * NAME, "ms": …}` once the last call of a series resolved. Whatever else it prints goes to stderr. With stdin's end the
 * browsers are closed and it ends.
 */
const readline = require('node:readline');

const [library, url, browser, folder] = process.argv.slice(2);
// Under root Chromium's sandbox can't work, for them as for us.
const args = process.getuid() === 0 ? ['--no-sandbox'] : [];

const answers = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);
const tell = (answer) => answers(`${JSON.stringify(answer)}\n`);

const { open } = require(`./${library}`);
const sessions = new Map();

const begin = async (name) => {
  sessions.set(name, await open(name, { url, browser, folder, args, waits: () => tell({ waits: name }) }));
  tell({ ready: name });
};

const send = async ({ name, numbers, text }) => {
  const began = process.hrtime.bigint();
  for (const number of numbers) {
    await sessions.get(name).send(`${number}@c.us`, text);
  }
  tell({ sent: name, ms: Number(process.hrtime.bigint() - began) / 1e6 });
};

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  try {
    await (line.startsWith('{') ? send(JSON.parse(line)) : begin(line));
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}).on('close', async () => {
  await Promise.allSettled([...sessions.values()].map((session) => session.close()));
  process.exit(0);
});
