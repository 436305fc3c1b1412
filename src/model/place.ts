/** Where in a file something was written; line and column count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** `file:line:column`, as editors and compilers write it. */
export function formatPlace(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`
}
