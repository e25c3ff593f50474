import type { FaultDetail } from '../i18n/fault.js'
import type { CompanyTransaction } from '../db/database.js'
import type { Collect, HookCall, HookKind, HookListener, HookMap, HookName, HookOfKind, Notify, Veto, Waterfall } from './hook-map.js'

/** What a module gets in `setup`: it declares points it owns and listens to points of modules it depends on. */
export interface HookRegistration {
  /** @throws boot fault HOOK-DECLARED-TWICE */
  declare<Name extends HookName>(name: Name, kind: HookMap[Name] extends { kind: infer Kind extends HookKind } ? Kind : never): void
  /** @throws boot faults HOOK-UNDECLARED, HOOK-NOT-DEPENDED (at the end of the boot, named with module and point) */
  on<Name extends HookName>(name: Name, listener: HookListener<HookMap[Name]>): void
}

type ValueOf<Point> = Point extends Waterfall<infer Value, unknown> ? Value : never
type InfoOf<Point> =
  Point extends Waterfall<unknown, infer Info>
    ? Info
    : Point extends Collect<infer Info, unknown>
      ? Info
      : Point extends Veto<infer Info>
        ? Info
        : never
type AnswerOf<Point> = Point extends Collect<unknown, infer Answer> ? Answer : never
type PayloadOf<Point> = Point extends Notify<infer Payload> ? Payload : never

/** Runs points. Only listeners of modules that the call's company has enabled take part. */
export interface Hooks {
  waterfall<Name extends HookOfKind<'waterfall'>>(
    name: Name,
    value: ValueOf<HookMap[Name]>,
    info: InfoOf<HookMap[Name]>,
    call: HookCall,
  ): Promise<ValueOf<HookMap[Name]>>
  collect<Name extends HookOfKind<'collect'>>(name: Name, info: InfoOf<HookMap[Name]>, call: HookCall): Promise<AnswerOf<HookMap[Name]>[]>
  /**
   * Asks every loaded module, whatever companies enabled: questions that come before there is a company
   * (which countries are there, which demonstration companies may be made).
   */
  collectFromAll<Name extends HookOfKind<'collect'>>(name: Name, info: InfoOf<HookMap[Name]>): Promise<AnswerOf<HookMap[Name]>[]>
  /** All objections, in dependency order, each prefixed by nothing: codes say who speaks. */
  veto<Name extends HookOfKind<'veto'>>(name: Name, info: InfoOf<HookMap[Name]>, call: HookCall): Promise<FaultDetail[]>
  /** Inserts one job per listener in the given transaction. The payload must be JSON. */
  notify<Name extends HookOfKind<'notify'>>(
    name: Name,
    payload: PayloadOf<HookMap[Name]>,
    call: HookCall & { readonly transaction: CompanyTransaction },
  ): Promise<void>
}
