import { join } from 'node:path'
import { z } from 'zod'
import type { Configuration } from '../../config/schema.js'
import { createAccess, type AccessService } from '../access/create-access.js'
import type { Audit } from '../audit/audit.js'
import { createAudit } from '../audit/create-audit.js'
import type { OpenDatabase } from '../db/open-database.js'
import { createDocuments } from '../documents/create-documents.js'
import type { Documents } from '../documents/documents.js'
import { createFiles } from '../files/create-files.js'
import type { Files } from '../files/files.js'
import type { HookCall } from '../hooks/hook-map.js'
import { notifyJob, type NotifyJob } from '../hooks/registry.js'
import { Fault } from '../i18n/fault.js'
import { createJobs, type JobSystem } from '../jobs/create-jobs.js'
import type { Jobs } from '../jobs/jobs.js'
import { createMail } from '../mail/create-mail.js'
import type { Mail } from '../mail/mail.js'
import type { SigningService } from '../signing/signing-service.js'
import type { Verifiers } from '../validation/report.js'
import type { Closing } from './boot.js'
import { faultOf, type LoadedModules, type ModuleInBoot } from './load-modules.js'
import type { Logger } from './logger.js'
import type { Host } from './module.js'

export interface ServiceParts {
  readonly config: Configuration
  readonly database: OpenDatabase
  readonly loaded: LoadedModules
  readonly now: () => Date
  readonly logger: Logger
  /** Answers once the boot is done. */
  readonly host: Host
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
  const { config, database, loaded, now, logger, closing } = parts
  const records = () => [loaded.core, ...loaded.standing().map((module) => module.records)]
  const access = createAccess({ db: database, now, records: records() })
  const audit = createAudit({ database, now, logger, anchorFile: join(config.dataDir, 'audit-anchors.ndjson') })
  closing.add(() => audit.close())
  const jobs = createJobs({
    database,
    now,
    logger,
    contextFor: (companyId, source) => access.systemContext(companyId, source),
    companiesOf: (module) => companiesOf(parts.host, module),
  })
  const files = createFiles()
  const mail = createMail({
    database,
    files,
    jobs: jobs.jobs,
    define: (name, handler) => {
      jobs.define('core', name, handler)
    },
    audit,
    smtp: config.smtp,
    logger,
    now,
  })
  closing.add(() => {
    mail.close()
    return Promise.resolve()
  })
  jobs.define('core', notifyJob, (payload, { context }) => parts.deliver(notifyJobShape.parse(payload), { context }))
  const documents = createDocuments(config)
  closing.add(() => documents.close())
  const signing = await import('../signing/create-signing-service.js').then(
    (file) => file.createSigningService({ database, audit, config, now, logger }),
    () => undefined as never,
  )
  closing.add(() => (signing as SigningService | undefined)?.close() ?? Promise.resolve())
  const verifiers = await loadVerifiers()

  for (const module of loaded.standing()) registerWork(module, jobs, verifiers, loaded)

  return {
    access,
    audit,
    jobs: jobs.jobs,
    files,
    mail,
    documents,
    signing,
    verifiers,
    startWorker: async () => {
      await jobs.startWorker({ concurrency: config.jobs.concurrency })
      return () => jobs.stopWorker()
    },
    listen: () => Promise.reject(new Fault('HOST-NOT-RUNNING', { params: { service: 'http' } })),
  }
}

const notifyJobShape = z.object({ hook: z.string(), module: z.string(), listenerIndex: z.number().int(), payload: z.unknown() })

/** Jobs, schedules and verifiers of one module. A name that is taken fails this module, not the host. */
function registerWork(module: ModuleInBoot, jobs: JobSystem, verifiers: Verifiers, loaded: LoadedModules): void {
  const { name, records } = module
  try {
    for (const job of records.jobs) jobs.define(name, job.name, job.handler)
    for (const schedule of records.schedules) jobs.schedule(name, schedule.name, schedule.cron)
    for (const verifier of records.verifiers) verifiers.add(verifier)
  } catch (error) {
    loaded.fail(name, faultOf('MODULE-SETUP', name, error))
  }
}

async function companiesOf(host: Host, module: string): Promise<readonly string[]> {
  const companies = await host.access.companies()
  const enabled = await Promise.all(companies.map((company) => host.modules.isEnabled(company.id, module)))
  return companies.filter((_company, index) => enabled[index]).map((company) => company.id)
}

async function loadVerifiers(): Promise<Verifiers> {
  const file = '../validation/create-verifiers.js'
  const loaded = (await import(file).catch(() => undefined)) as { createVerifiers(): Verifiers } | undefined
  return (
    loaded?.createVerifiers() ?? {
      add: () => undefined,
      verify: () => Promise.reject(new Fault('HOST-NOT-RUNNING', { params: { service: 'verifiers' } })),
    }
  )
}
