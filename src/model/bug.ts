/**
 * Where an exception happened, for the log: its name, and the lines of its stack that name files of ours. The message is left
 * out, all lines of it: it may hold what a library put into it, keys included.
 */
export function bugOf(error: unknown): { readonly error: string; readonly stack: string } {
  if (!(error instanceof Error)) return { error: typeof error, stack: '' }
  const { name, message, stack = '' } = error
  const began = stack.indexOf(message)
  const places = message !== '' && began >= 0 ? stack.slice(began + message.length) : stack
  return {
    error: name,
    stack: places
      .split('\n')
      .filter((line) => /^ {4}at /.test(line))
      .join('\n'),
  }
}
