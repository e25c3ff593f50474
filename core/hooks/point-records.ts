import type { FaultDetail } from '../i18n/fault.js'
import type { HookCall, HookKind } from './hook-map.js'
import type { HookRegistration } from './hooks.js'

/** Kinds a point may have; anything else is the boot fault HOOK-KIND. */
export const hookKinds: readonly HookKind[] = ['waterfall', 'collect', 'veto', 'notify']

/**
 * A listener without its type: the typed side is `HookRegistration`, which only takes a listener that fits the point.
 * Waterfalls get (value, info, call), the others (info or payload, call).
 */
export type UntypedListener = (...values: readonly unknown[]) => unknown

/** A point that a module owns. */
export interface DeclaredPoint {
  readonly name: string
  readonly kind: HookKind
}

/** A listener of a module, its types already checked where it was handed in. */
export interface RecordedListener {
  readonly name: string
  readonly listener: UntypedListener
}

/** What one module said about hooks in its `setup`. Nothing is judged before all modules have spoken. */
export class HookRecords implements HookRegistration {
  readonly declared: DeclaredPoint[] = []
  readonly listeners: RecordedListener[] = []

  /** Writes down a point of this module. Whether another owns it too is asked when all modules are known. */
  declare(name: string, kind: HookKind): void {
    this.declared.push({ name, kind })
  }

  /** Writes down a listener of this module. @throws TypeError when it is no function */
  on(name: string, listener: unknown): void {
    // The typed interface admits only functions that fit the point; a JavaScript module may still hand in anything.
    if (typeof listener !== 'function') throw new TypeError(`the listener of ${name} is not a function`)
    this.listeners.push({ name, listener: listener as UntypedListener })
  }
}

/** A module and what it recorded, as the registry judges it. */
export interface HookParticipant {
  readonly module: string
  readonly records: HookRecords
}

/** Why the module cannot stand. */
export interface HookFault {
  readonly module: string
  readonly fault: FaultDetail
}

export type { HookCall }
