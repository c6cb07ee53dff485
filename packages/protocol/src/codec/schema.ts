// What a schema looks like at run time: the generated files declare one value per message and enum,
// and every codec (protobuf, JSON, plain records) is driven by these tables.

/** The scalar types of protobuf. */
export type ScalarType =
  | 'double'
  | 'float'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'sint32'
  | 'sint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed32'
  | 'sfixed64'
  | 'bool'
  | 'string'
  | 'bytes';

/** How often a field occurs. A `map` has string keys and reads as a plain object. */
export type FieldLabel = 'required' | 'optional' | 'repeated' | 'map';

/** One field of a message, in the order the schema declares it. */
export interface FieldSchema {
  /** The wire name: `framework_id`. */
  readonly name: string;
  /** The property in memory: `frameworkId`. */
  readonly key: string;
  readonly number: number;
  readonly label: FieldLabel;
  /** The type of a value (of each element, for lists and maps). */
  readonly type: ScalarType | 'enum' | 'message';
  /** Present exactly when `type` is `message`. A function, because schemas may be recursive. */
  readonly message?: () => Schema<unknown>;
  /** Present exactly when `type` is `enum`. */
  readonly enum?: () => EnumSchema<string>;
  /** What the schema says an absent field means. Mesos prints it in JSON; codecs never fill it in. */
  readonly default?: string | number | boolean;
  readonly deprecated?: true;
  /** The name of the choice this field is one of. At most one field of a choice is set. */
  readonly oneof?: string;
}

/** The schema of messages of type `T`. */
export interface Schema<T> {
  readonly kind: 'message';
  /** The full name: `mesos.v1.TaskInfo`. */
  readonly name: string;
  readonly fields: readonly FieldSchema[];
  /** Never set: it only ties `T` to the schema. */
  readonly phantom?: T;
}

/** The type of the messages a schema describes. */
export type MessageOf<S> = S extends Schema<infer T> ? T : never;

/** The schema of an enum whose names form the union `T`. */
export interface EnumSchema<T extends string> {
  readonly kind: 'enum';
  readonly name: string;
  /** The names in declared order. */
  readonly names: readonly T[];
  readonly nameOf: ReadonlyMap<number, T>;
  readonly numberOf: ReadonlyMap<string, number>;
}

/** Declares the schema of a message. Called by generated code. */
export function defineMessage<T>(name: string, fields: readonly FieldSchema[]): Schema<T> {
  return { kind: 'message', name, fields };
}

/** Declares the schema of an enum from `[name, number]` pairs. Called by generated code. */
export function defineEnum<T extends string>(
  name: string,
  values: readonly (readonly [T, number])[],
): EnumSchema<T> {
  return {
    kind: 'enum',
    name,
    names: values.map(([value]) => value),
    nameOf: new Map(values.map(([value, number]) => [number, value])),
    numberOf: new Map(values),
  };
}
