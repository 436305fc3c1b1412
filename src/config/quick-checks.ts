/** Whether data fits a schema, with its defaults filled in; not what is wrong with it. */
type QuickCheck = (data: unknown) => boolean

/**
 * By the names of checks, what makes them. build.ts puts in the place of this file what ajv makes of all schemas, since
 * making it takes longer than all else of a start; without it every check is made by ajv when it is first used.
 */
export const quickChecks: Readonly<Record<string, () => QuickCheck>> = {}
