import { Fault } from '../i18n/fault.js'
import type { Host } from './module.js'

/** A host that setups may keep while nothing runs: asking any service of it is the fault HOST-NOT-RUNNING. */
export function notRunningHost(): Host {
  return lateHost(() => refuseService)
}

/** A command that only loads modules has no services. @throws Fault HOST-NOT-RUNNING (500) always */
export function refuseService(service: string): never {
  throw new Fault('HOST-NOT-RUNNING', { status: 500, params: { service } })
}

/**
 * The host handed to setups before its services exist. `current` is asked at each use: it answers with the running host,
 * or with a function that refuses.
 */
export function lateHost(current: () => Host | ((service: string) => never)): Host {
  const service = <Name extends keyof Host>(name: Name): Host[Name] => {
    const host = current()
    return typeof host === 'function' ? host(name) : host[name]
  }
  return {
    get config() {
      return service('config')
    },
    get db() {
      return service('db')
    },
    get hooks() {
      return service('hooks')
    },
    get jobs() {
      return service('jobs')
    },
    get audit() {
      return service('audit')
    },
    get access() {
      return service('access')
    },
    get files() {
      return service('files')
    },
    get mail() {
      return service('mail')
    },
    get documents() {
      return service('documents')
    },
    get signing() {
      return service('signing')
    },
    get verifiers() {
      return service('verifiers')
    },
    get i18n() {
      return service('i18n')
    },
    get settings() {
      return service('settings')
    },
    get modules() {
      return service('modules')
    },
    now: () => {
      const host = current()
      return typeof host === 'function' ? host('now') : host.now()
    },
  }
}
