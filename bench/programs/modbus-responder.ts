import { createServer } from 'node:net'
import { answer } from '../program.ts'

/**
 * Answers reads of holding registers (Modbus Messaging on TCP/IP V1.0b, 3.1.3) with ever the same words, at once: it must
 * not be what is measured. Its answer to any order is the port on which it listens.
 */
const header = 7
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {})
  socket.on('data', (request) => {
    const count = request.readUInt16BE(header + 3)
    const reply = Buffer.alloc(header + 2 + count * 2)
    request.copy(reply, 0, 0, header + 1)
    reply.writeUInt16BE(3 + count * 2, 4)
    reply[header + 1] = count * 2
    for (let i = 0; i < count; i++) reply.writeUInt16BE(i % 2 === 0 ? 0 : 2000 + i, header + 2 + i * 2)
    socket.write(reply)
  })
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const address = server.address()
answer(async () => ({ port: typeof address === 'object' && address !== null ? address.port : 0 }))
