import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

/** Somebody who answers questions. */
export interface Prompt {
  /** One line; what is given by default where it is empty. Rejects when nobody is there any more. */
  ask(question: string, byDefault?: string): Promise<string>
  /** The same without showing what is typed. */
  askUnseen(question: string): Promise<string>
  close(): void
}

/** Asks at a terminal. */
export function terminalPrompt(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Prompt {
  let isHidden = false
  const shown = new Writable({
    write(data, _encoding, done) {
      if (!isHidden) output.write(data)
      done()
    },
  })
  const lines = createInterface({ input, output: shown, terminal: true })
  return {
    async ask(question, byDefault = '') {
      const answer = await lines.question(byDefault === '' ? `${question}: ` : `${question} [${byDefault}]: `)
      return answer.trim() === '' ? byDefault : answer.trim()
    },
    async askUnseen(question) {
      output.write(`${question}: `)
      isHidden = true
      try {
        return (await lines.question('')).trim()
      } finally {
        isHidden = false
        output.write('\n')
      }
    },
    close: () => lines.close(),
  }
}
