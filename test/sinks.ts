/**
 * Receivers of alerts for tests: a small SMTP server (RFC 5321) and a webhook, on ports of their
 * own.
 */
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

interface Mail {
  from: string
  to: string[]
  /** Headers and text, with quoted-printable decoded. */
  text: string
}

export interface Sinks {
  mails: Mail[]
  posts: unknown[]
  mailServer: string
  webhook: string
  /** Sets the webhook's answers from now on; 200 at first. */
  answer: (status: number, headers?: Record<string, string>) => void
  /** Sets the mail server's reply to recipients from now on; 250 at first. */
  answerRecipients: (reply: string) => void
  /** Recipients named to the mail server, taken or not. */
  recipients: string[]
}

/** Opens both; they are closed when the test ends. */
export async function openSinks(t: TestContext): Promise<Sinks> {
  const mails: Mail[] = []
  const posts: unknown[] = []
  const recipients: string[] = []
  let recipientReply = '250 ok'
  let answer: { status: number; headers: Record<string, string> } = { status: 200, headers: {} }
  const smtp = createServer((socket) => {
    let mail: Mail = { from: '', to: [], text: '' }
    let isData = false
    let pending = ''
    socket.write('220 sink ESMTP\r\n')
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      pending += chunk.toString('utf8')
      for (let end = pending.indexOf('\r\n'); end >= 0; end = pending.indexOf('\r\n')) {
        const line = pending.slice(0, end)
        pending = pending.slice(end + 2)
        if (isData && line !== '.') mail.text += `${line.replace(/^\.\./, '.')}\n`
        else if (isData) {
          isData = false
          mails.push({ ...mail, text: plain(mail.text) })
          mail = { from: '', to: [], text: '' }
          socket.write('250 taken\r\n')
        } else if (/^(EHLO|HELO)/i.test(line)) socket.write('250 sink\r\n')
        else if (/^MAIL FROM:/i.test(line)) {
          mail.from = line.slice(10).replaceAll(/[<>]/g, '').split(' ')[0]!
          socket.write('250 ok\r\n')
        } else if (/^RCPT TO:/i.test(line)) {
          const recipient = line.slice(8).replaceAll(/[<>]/g, '')
          recipients.push(recipient)
          if (recipientReply.startsWith('2')) mail.to.push(recipient)
          socket.write(`${recipientReply}\r\n`)
        } else if (/^DATA/i.test(line)) {
          isData = true
          socket.write('354 go on\r\n')
        } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n')
        else socket.write('502 not known\r\n')
      }
    })
  })
  const http = createHttpServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
    request.on('end', () => {
      posts.push(JSON.parse(text))
      response.writeHead(answer.status, answer.headers).end()
    })
  })
  for (const server of [smtp, http]) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  t.after(() => {
    smtp.close()
    http.close()
  })
  const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port
  return {
    mails,
    posts,
    mailServer: `smtp://127.0.0.1:${port(smtp)}`,
    webhook: `http://127.0.0.1:${port(http)}/hook`,
    answer: (status, headers = {}) => {
      answer = { status, headers }
    },
    answerRecipients: (reply) => {
      recipientReply = reply
    },
    recipients,
  }
}

/** Decodes quoted-printable: enough of RFC 2045 to read a mail. */
function plain(text: string): string {
  if (!/content-transfer-encoding: quoted-printable/i.test(text)) return text
  const joined = text.replaceAll('=\n', '')
  const bytes = joined.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCodePoint(Number.parseInt(hex, 16)),
  )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
