// Asks each URL of the arguments, and prints what it got: a status, or the code of the error.

import https from 'node:https'

for (const url of process.argv.slice(2)) {
  if (url.startsWith('NODE_ENV=')) {
    process.env.NODE_ENV = url.split('=')[1]
    continue
  }
  const got = await new Promise((resolve) => {
    const request = https.get(url, { agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    request.on('error', (error) => resolve(error.code ?? error.message))
  })
  console.log(got)
}
