import { existsSync } from 'node:fs'
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
import { createJobs, type JobSystem } from '../jobs/create-jobs.js'
import type { Jobs } from '../jobs/jobs.js'
import { createMail } from '../mail/create-mail.js'
import type { Mail } from '../mail/mail.js'
import { agentProviderOf } from '../signing/keys/agent/agent-provider.js'
import { defineAgentJobs } from '../signing/keys/agent/agent-jobs.js'
import { defineArchiveJobs } from '../signing/archive/archive-jobs.js'
import { createSigningService } from '../signing/create-signing-service.js'
import type { SigningService } from '../signing/signing-service.js'
import { createVerifiers } from '../validation/create-verifiers.js'
import type { Verifiers } from '../validation/report.js'
import type { Closing } from './boot.js'
import { faultOf, type LoadedModules, type ModuleInBoot } from './load-modules.js'
import type { Logger } from './logger.js'
import type { Host } from './module.js'

/** What the services are built from. */
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

/** The services of the host, in the order they were started. */
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
  listen(host: Host, access: AccessService): Promise<{ readonly port: number; readonly url: string; close(): Promise<void> }>
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
  const signing = createSigningService({ database, audit, config, now, logger })
  closing.add(() => signing.close())
  defineAgentJobs(jobs, () => agentProviderOf(signing))
  defineArchiveJobs(jobs, { db: database, files, audit, config, now })
  const verifiers = createVerifiers()

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
    listen: async (host, accessOfHost) => {
      // Read when a process answers pages; commands and workers do without.
      const { createServer } = await import('../http/create-server.js')
      const templates = loaded
        .standing()
        .filter((module) => module.discovered.origin === 'package')
        .map((module) => ({ module: module.name, folder: join(module.discovered.folder, 'templates') }))
        .filter(({ folder }) => existsSync(folder))
      return createServer(host, { access: accessOfHost, records: records(), logger, templates }).listen()
    },
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
  // What the host itself keeps going goes on for every company.
  if (module === 'core') return companies.map((company) => company.id)
  const enabled = await Promise.all(companies.map((company) => host.modules.isEnabled(company.id, module)))
  return companies.filter((_company, index) => enabled[index]).map((company) => company.id)
}
