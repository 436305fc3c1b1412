import Type from 'typebox'
import { closed, objectId } from './parts.ts'

const objects = (description: string) =>
  Type.Record(Type.String(), objectId, {
    description: `${description}, by their names in the MIB`,
    propertyNames: { pattern: '^[a-z][A-Za-z0-9-]{0,63}$', description: 'the name of an object, as sysName' },
  })

/** What tells whose a device is: config/masking.yaml. */
export const maskingSchema = Type.Object(
  {
    ordinary_words: Type.Array(
      Type.String({ title: 'word', pattern: '^[^A-Z]{1,63}$', description: 'in small letters' }),
      {
        description: 'words that devices are called by and that stand in any text',
        maxItems: 1000,
      },
    ),
    snmp: Type.Object(
      {
        names: objects('objects with names of devices, persons and places'),
        serial_numbers: objects('objects with serial numbers'),
        hardware_addresses: objects('objects with hardware addresses'),
      },
      { ...closed, title: 'objects of SNMP' },
    ),
  },
  { ...closed, title: 'siteward masking' },
)
