import type { CompanyTransaction } from '../db/database.js'
import { Fault, type FaultDetail } from '../i18n/fault.js'
import type { Jobs } from '../jobs/jobs.js'
import type { HookCall, HookKind } from './hook-map.js'
import type { Hooks } from './hooks.js'
import { hookKinds, type HookFault, type HookParticipant, type UntypedListener } from './point-records.js'

/** A listener in its place at a point. */
export interface PointListener {
  readonly module: string
  /** Place among this module's listeners of the point: names the listener in a job. */
  readonly index: number
  readonly run: UntypedListener
}

/** A point with everyone who listens there. */
export interface Point {
  readonly name: string
  readonly kind: HookKind
  readonly owner: string
  /** In dependency order of their modules. */
  readonly listeners: readonly PointListener[]
}

/** Which modules take part for a company. Answers at once when it knows, so that a hook costs no turn of the event loop. */
export type EnabledModules = (companyId: string, transaction?: CompanyTransaction) => ReadonlySet<string> | Promise<ReadonlySet<string>>

/**
 * Judges what all modules recorded and builds the points.
 * @param participants in dependency order; the host itself (`core`) comes first
 * @param dependsOn whether a module depends on (or extends) another, through any number of steps
 * @param extendsAbsent whether a module extends one that is not there: what it says at points nobody has is then left out
 * @returns the points that stand, and boot faults HOOK-KIND, HOOK-DECLARED-TWICE, HOOK-UNDECLARED, HOOK-NOT-DEPENDED by module
 */
export function buildPoints(
  participants: readonly HookParticipant[],
  dependsOn: (module: string, owner: string) => boolean,
  extendsAbsent: (module: string) => boolean = () => false,
): { points: ReadonlyMap<string, Point>; faults: readonly HookFault[] } {
  const points = new Map<string, { name: string; kind: HookKind; owner: string; listeners: PointListener[] }>()
  const faults: HookFault[] = []
  const object = (module: string, code: string, params: FaultDetail['params']): void => {
    faults.push({ module, fault: { code, params } })
  }

  for (const { module, records } of participants) {
    for (const { name, kind } of records.declared) {
      const declared = points.get(name)
      if (!hookKinds.includes(kind)) object(module, 'HOOK-KIND', { hook: name, module, kind, expected: hookKinds.join(', ') })
      else if (declared !== undefined) object(module, 'HOOK-DECLARED-TWICE', { hook: name, module, owner: declared.owner })
      else points.set(name, { name, kind, owner: module, listeners: [] })
    }
  }
  for (const { module, records } of participants) {
    for (const { name, listener } of records.listeners) {
      const point = points.get(name)
      if (point === undefined) {
        if (!extendsAbsent(module)) object(module, 'HOOK-UNDECLARED', { hook: name, module })
      } else if (module !== point.owner && !dependsOn(module, point.owner))
        object(module, 'HOOK-NOT-DEPENDED', { hook: name, module, owner: point.owner })
      else {
        const index = point.listeners.filter((other) => other.module === module).length
        point.listeners.push({ module, index, run: listener })
      }
    }
  }
  return { points, faults }
}

/** Runs points. Built once at boot; which listeners take part is asked for each company. */
export class HookRegistry implements Hooks {
  constructor(
    private readonly points: ReadonlyMap<string, Point>,
    private readonly enabled: EnabledModules,
    private readonly jobs: () => Pick<Jobs, 'addMany'>,
  ) {}

  /** All points, for `khatm hooks` and MANIFEST.md. */
  all(): readonly Point[] {
    return [...this.points.values()]
  }

  // The typed signatures of Hooks hold for callers; inside, a point is data and its listeners were checked at registration.
  waterfall: Hooks['waterfall'] = async (name, value, info, call) => {
    let current: unknown = value
    for (const listener of await this.taking(name, 'waterfall', call)) {
      current = await this.run(name, listener, [current, info, call])
    }
    return current as never
  }

  collect: Hooks['collect'] = async (name, info, call) => {
    const answers: unknown[] = []
    for (const listener of await this.taking(name, 'collect', call)) {
      addAnswer(answers, await this.run(name, listener, [info, call]))
    }
    return answers as never
  }

  collectFromAll: Hooks['collectFromAll'] = async (name, info) => {
    const answers: unknown[] = []
    for (const listener of this.pointOf(name, 'collect').listeners) addAnswer(answers, await this.run(name, listener, [info, noCompany]))
    return answers as never
  }

  veto: Hooks['veto'] = async (name, info, call) => {
    const objections: FaultDetail[] = []
    for (const listener of await this.taking(name, 'veto', call)) {
      const answer = await this.run(name, listener, [info, call])
      // A veto listener's answer is a list of faults by its type, or nothing.
      if (Array.isArray(answer)) objections.push(...(answer as FaultDetail[]))
    }
    return objections
  }

  notify: Hooks['notify'] = async (name, payload, call) => {
    const listeners = await this.taking(name, 'notify', call)
    if (listeners.length === 0) return
    await this.jobs().addMany(
      call.transaction,
      notifyJob,
      listeners.map(({ module, index }) => ({ payload: { hook: name, module, listenerIndex: index, payload } satisfies NotifyJob })),
    )
  }

  /**
   * Runs one listener of a notify point: the work of the job `hooks.notify`.
   * A module that is not loaded now makes the job fail and come back, it does not lose the notice.
   * @throws Fault HOOK-LISTENER-MISSING, HOOK-LISTENER-FAILED
   */
  async deliver(job: NotifyJob, call: HookCall): Promise<void> {
    const listener = this.points
      .get(job.hook)
      ?.listeners.find((candidate) => candidate.module === job.module && candidate.index === job.listenerIndex)
    if (listener === undefined) {
      throw new Fault('HOOK-LISTENER-MISSING', { status: 500, params: { hook: job.hook, module: job.module } })
    }
    await this.run(job.hook, listener, [job.payload, call])
  }

  private taking(name: string, kind: HookKind, call: HookCall): readonly PointListener[] | Promise<readonly PointListener[]> {
    const point = this.pointOf(name, kind)
    if (point.listeners.length === 0) return point.listeners
    const enabled = this.enabled(call.context.companyId, call.transaction)
    return enabled instanceof Promise ? enabled.then((set) => listenersOf(point, set)) : listenersOf(point, enabled)
  }

  private pointOf(name: string, kind: HookKind): Point {
    const point = this.points.get(name)
    if (point === undefined) throw new Fault('HOOK-UNDECLARED', { status: 500, params: { hook: name, module: '' } })
    if (point.kind !== kind) {
      throw new Fault('HOOK-KIND', { status: 500, params: { hook: name, module: point.owner, kind, expected: point.kind } })
    }
    return point
  }

  private run(name: string, listener: PointListener, values: readonly unknown[]): unknown {
    try {
      const answer = listener.run(...values)
      return answer instanceof Promise ? answer.catch((error: unknown) => fail(name, listener, error)) : answer
    } catch (error) {
      return fail(name, listener, error)
    }
  }
}

/** The job that calls one listener of a `notify` point. */
export const notifyJob = 'hooks.notify'

/** Which listener is to be called, and with what; JSON, kept in the job's row. */
export interface NotifyJob {
  readonly hook: string
  readonly module: string
  readonly listenerIndex: number
  readonly payload: unknown
}

/** The call of a question that comes before there is a company. */
const noCompany: HookCall = {
  context: { companyId: '', actor: { kind: 'system', id: null, name: 'Khatm' }, locale: 'en', source: 'cli', groups: new Set(['*']) },
}

function addAnswer(answers: unknown[], answer: unknown): void {
  if (Array.isArray(answer))
    answers.push(...(answer as unknown[])) // elements are checked by the listener's type
  else if (answer !== undefined && answer !== null) answers.push(answer)
}

function listenersOf(point: Point, enabled: ReadonlySet<string>): readonly PointListener[] {
  return point.listeners.filter((listener) => listener.module === 'core' || enabled.has(listener.module))
}

/** A coded fault speaks for itself; anything else is named with the module and point it came from. */
function fail(hook: string, listener: PointListener, error: unknown): never {
  if (error instanceof Fault) throw error
  // A serialization failure of the database must reach the retry as it is, and so must a wish to run again.
  if (error instanceof Error && (error.name === 'RunAgain' || isDatabaseError(error))) throw error
  throw new Fault('HOOK-LISTENER-FAILED', {
    status: 500,
    params: { hook, module: listener.module, reason: error instanceof Error ? error.message : String(error) },
    cause: error,
  })
}

/** SQLSTATE, what PostgreSQL's driver puts on its errors: five characters, a digit among them (`EPIPE` is none). */
function isDatabaseError(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) && /\d/.test(error.code)
}
