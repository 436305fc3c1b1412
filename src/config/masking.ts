import type { Telltales } from '../model/mask.ts'
import { bad, good, type Result } from '../model/result.ts'
import { checkOf } from './check.ts'
import type { Files } from './files.ts'
import { Problems } from './problems.ts'
import { maskingSchema } from './schemas/masking.ts'
import { readTree } from './yaml.ts'

const checkFile = checkOf('masking', maskingSchema)

/** Reads config/masking.yaml. With a mistake in it nothing may be recorded. */
export async function loadMasking(file: string, files: Files): Promise<Result<Telltales>> {
  const problems = new Problems()
  const tree = await readTree(file, files, problems)
  const top = tree === undefined ? undefined : checkFile(tree.data, { tree, path: [] }, problems)
  if (top === undefined || problems.mistakes > 0) return bad(...problems.list())
  const { names, serial_numbers, hardware_addresses } = top.snmp
  return good({
    ordinaryWords: new Set(top.ordinary_words),
    snmp: {
      names: Object.values(names),
      serialNumbers: Object.values(serial_numbers),
      hardwareAddresses: Object.values(hardware_addresses),
    },
  })
}
