import Type, { type TSchema } from 'typebox'
import { proofs } from '../../model/probe.ts'
import { derivedList } from './derived.ts'
import { closed, duration, line, objectIds } from './parts.ts'

const match = Type.Object(
  {
    object_id: Type.Optional({
      ...objectIds,
      description: 'the device names its model by an identifier that begins so',
    }),
    description: Type.Optional(
      Type.String({ minLength: 1, maxLength: 500, description: 'regular expression (RE2) that its description fits' }),
    ),
    answers: Type.Optional({ ...objectIds, description: 'it answers something below one of these' }),
    common: Type.Optional(
      Type.Boolean({ description: 'most devices answer it: it is read beside the probe of the model' }),
    ),
  },
  {
    ...closed,
    description: 'by what a device of this kind is known; every part that is given must hold',
    minProperties: 1,
  },
)

const traps = Type.Array(
  Type.Object(
    {
      on: { ...objectIds, description: 'the traps that say it has begun; each makes siteward poll the device at once' },
      clear: Type.Optional({ ...objectIds, description: 'the traps that say it is over' }),
      event: Type.Optional(
        Type.String({
          title: 'event name',
          pattern: '^[a-z][a-z0-9_]{0,63}$',
          description: 'siteward_event_active{event="..."} is 1 while it lasts, for rules: small letters, digits and _',
        }),
      ),
      lasts: Type.Optional(duration('after how long it is over where nothing says so; 1d by default')),
    },
    closed,
  ),
  { description: 'what the device tells by itself', maxItems: 200 },
)

/** A probe file, given what a point and a rule may be and the protocols' names. */
export function probeSchema<Point extends TSchema, Rule extends TSchema>(
  protocols: readonly string[],
  point: Point,
  ruleSchema: Rule,
  derivedItem: TSchema,
) {
  const known = protocols.length === 0 ? {} : { enum: protocols }
  return Type.Object(
    {
      probe: Type.String({
        title: 'probe name',
        pattern: '^[a-z0-9][a-z0-9._-]{0,62}$',
        description: 'the name of the file without .yaml: small letters, digits and . _ -',
      }),
      title: line('the device model or MIB, for people'),
      collector: Type.String({ title: 'protocol', description: 'the protocol that reads it', ...known }),
      proof: Type.Enum([...proofs], {
        title: 'proof',
        description: 'on what it was proven: a recording of a real device, or a register map (or MIB) alone',
      }),
      match: Type.Optional(match),
      interval: Type.Optional(
        duration('how often it is worth asking, for what changes seldom or costs much; a device may say another one'),
      ),
      timeout: Type.Optional(duration('the deadline of one poll, for what takes long; a device may say another one')),
      points: Type.Array(point, { description: 'what to read', minItems: 1, maxItems: 2000 }),
      derived: derivedList(derivedItem, 'readings made of those that are read'),
      traps: Type.Optional(traps),
      rules: Type.Optional(Type.Array(ruleSchema, { description: 'when to alarm', maxItems: 500 })),
    },
    { ...closed, title: 'siteward probe' },
  )
}
