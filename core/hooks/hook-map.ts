import type { FaultDetail } from '../i18n/fault.js'
import type { CompanyContext } from '../access/context.js'
import type { CompanyTransaction } from '../db/database.js'

/** Value in, value out; listeners run in dependency order, each sees what the one before returned. */
export interface Waterfall<Value, Info = undefined> {
  readonly kind: 'waterfall'
  readonly value: Value
  readonly info: Info
}
/** Every listener answers with a list; the owner gets all answers, concatenated in dependency order. */
export interface Collect<Info, Answer> {
  readonly kind: 'collect'
  readonly info: Info
  readonly answer: Answer
}
/** Every listener may object; the owner gets all faults, an error among them stops the action. */
export interface Veto<Info> {
  readonly kind: 'veto'
  readonly info: Info
}
/** Told after commit, through a job per listener. A listener that fails is retried and never harms the document. */
export interface Notify<Payload> {
  readonly kind: 'notify'
  readonly payload: Payload
}

/** What becomes of the listeners' answers: see `Waterfall`, `Collect`, `Veto`, `Notify`. */
export type HookKind = 'waterfall' | 'collect' | 'veto' | 'notify'

/**
 * All points of all modules. An owner adds its points by declaration merging in its `hooks.ts`:
 * `declare module '../../core/hooks/hook-map.js' { interface HookMap { 'invoice.validate': Veto<InvoiceDraft> } }`
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- filled by declaration merging
export interface HookMap {}

/** Names of all points that a `HookMap` declares. */
export type HookName = keyof HookMap & string
/** Names of one kind. */
export type HookOfKind<Kind extends HookKind> = {
  [Name in HookName]: HookMap[Name] extends { kind: Kind } ? Name : never
}[HookName]

/** What a listener is told about the call it takes part in. `transaction` is there when the owner runs the point inside one. */
export interface HookCall {
  readonly context: CompanyContext
  readonly transaction?: CompanyTransaction
}

type Awaitable<Value> = Value | Promise<Value>

/** The function that fits a point. */
export type HookListener<Point> =
  Point extends Waterfall<infer Value, infer Info>
    ? (value: Value, info: Info, call: HookCall) => Awaitable<Value>
    : Point extends Collect<infer Info, infer Answer>
      ? (info: Info, call: HookCall) => Awaitable<readonly Answer[] | Answer>
      : Point extends Veto<infer Info>
        ? (info: Info, call: HookCall) => Awaitable<readonly FaultDetail[] | undefined>
        : Point extends Notify<infer Payload>
          ? (payload: Payload, call: HookCall) => Promise<void>
          : never
