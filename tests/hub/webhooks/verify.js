// Verifies deliveries with the specification's own library. Reads [{secret, headers, body}] as JSON, writes what each
// is: {event} or {refused}.
const { readFileSync } = require('node:fs')
const { Webhook } = require('standardwebhooks')

const found = JSON.parse(readFileSync(0, 'utf8')).map(({ secret, headers, body }) => {
  try {
    return { event: new Webhook(secret).verify(body, headers) }
  } catch (error) {
    return { refused: error.message }
  }
})
process.stdout.write(JSON.stringify(found))
