import Type, { type TSchema } from 'typebox'
import { type AssetField, assetFields, assetKeys } from '../../model/asset.ts'
import { closed } from './parts.ts'

function fieldSchema(key: AssetField): TSchema {
  const { kind, text } = assetFields[key]
  const description = `${text.en} (${text.zh})`
  switch (kind) {
    case 'text':
      return key === 'unit'
        ? Type.Union([Type.Integer({ minimum: 0 }), Type.String({ minLength: 1, maxLength: 64 })], {
            title: 'number or text',
            description,
          })
        : Type.String({ title: 'text', description, minLength: 1, maxLength: 200 })
    case 'month':
      return Type.String({
        title: 'day or month',
        pattern: '^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$',
        description: `${description}; as 2026-05-31, or 2026-05`,
      })
    case 'count':
      return Type.Number({ title: 'number', description, minimum: 0, maximum: 1_000_000 })
  }
}

/** What the ledger knows of a device. */
export const asset = Type.Object(Object.fromEntries(assetKeys.map((key) => [key, Type.Optional(fieldSchema(key))])), {
  ...closed,
  title: 'asset data',
  description: 'what the ledger of equipment knows of it: docs/ledger.md',
})

/** Tables of the ledger. */
export const ledgerTables = Type.Array(Type.String({ title: 'path of a table', minLength: 1, maxLength: 500 }), {
  description: 'tables (CSV) of the ledger of equipment, a row a device, relative to this file',
  maxItems: 64,
  default: [],
})
