import type { TObject } from 'typebox'

/** The protocol's part of the YAML: TypeBox schemas, from which the types, the checks and the editors' schema come. */
export interface Schemas<
  PointSchema extends TObject = TObject,
  SettingsSchema extends TObject = TObject,
  OptionsSchema extends TObject = TObject,
  CredentialSchema extends TObject = TObject,
> {
  /** The keys of a point beside the common ones (metric, scale, offset, unavailable, states, pattern). */
  readonly point: PointSchema
  /** The keys under the protocol's name at the top of a probe file; every key optional or with a default. */
  readonly settings: SettingsSchema
  /** The keys under the protocol's name in a device; every key optional or with a default. */
  readonly options: OptionsSchema
  /** The keys under the protocol's name in a credential. */
  readonly credential: CredentialSchema
}
