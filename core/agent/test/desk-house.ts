import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CompanyContext } from '../../access/context.js'
import { createAudit, type AuditSystem } from '../../audit/create-audit.js'
import { createLogger, type Logger } from '../../host/logger.js'
import { AgentKeyProvider } from '../../signing/keys/agent/agent-provider.js'
import { DeskEndpoint, refuse } from '../../signing/keys/agent/desk-endpoint.js'
import { softHsmLibrary } from '../../signing/test/soft-token.js'
import { Fault } from '../../i18n/fault.js'
import { scratchDatabase, type ScratchDatabase } from '../../../test/helpers/scratch-database.js'
import { systemContextOf } from '../../../test/helpers/company-context.js'
import { pairWithHost, Pairings, type Pairing } from '../pairings.js'
import { SigningDesk, type DeskOptions } from '../signing-desk.js'
import { Tokens } from '../tokens.js'

export interface HouseOptions {
  readonly waitSeconds?: number
  readonly waitWithoutDeskSeconds?: number
  readonly requestHours?: number
  readonly logger?: Logger
}

/** The host's side of the agent on a database of its own and a real port, without the rest of the host. */
export class DeskHouse {
  /** What the clock shows; tests move it. */
  clockAhead = 0
  readonly warnings: object[] = []
  private server: http.Server | undefined
  private endpoint: DeskEndpoint | undefined
  private readonly sockets = new Set<import('node:net').Socket>()
  port = 0

  private constructor(
    readonly scratch: ScratchDatabase,
    readonly audit: AuditSystem,
    readonly companyId: string,
    readonly context: CompanyContext,
    readonly folder: string,
    public provider: AgentKeyProvider,
    private readonly make: () => AgentKeyProvider,
  ) {}

  static async open(options: HouseOptions = {}): Promise<DeskHouse> {
    const scratch = await scratchDatabase()
    const { database, dataDir } = scratch
    const logger = options.logger ?? createLogger({ logLevel: 'silent' })
    const folder = mkdtempSync(join(tmpdir(), 'khatm-desk-'))
    const now = (): Date => new Date(Date.now() + (house.current?.clockAhead ?? 0))
    const house: { current?: DeskHouse } = {}
    const audit = createAudit({ database, now, logger, anchorFile: join(dataDir, 'anchors.ndjson') })
    const companyId = await newCompany(scratch, 'desk-company')
    const agent = {
      waitSeconds: options.waitSeconds ?? 20,
      waitWithoutDeskSeconds: options.waitWithoutDeskSeconds ?? 0.2,
      requestHours: options.requestHours ?? 72,
    }
    const make = (): AgentKeyProvider =>
      new AgentKeyProvider({
        database,
        audit,
        now,
        config: { dataDir, signing: { agent } },
        logger: {
          warn: (facts, message) => {
            house.current?.warnings.push(facts)
            logger.warn(facts, message)
          },
        },
      })
    const opened = new DeskHouse(scratch, audit, companyId, await systemContextOf(companyId), folder, make(), make)
    house.current = opened
    await opened.listen()
    return opened
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.port)}`
  }

  async listen(): Promise<void> {
    this.endpoint = new DeskEndpoint(this.provider, { beatMs: 100 })
    const { endpoint } = this
    const server = http.createServer((request, response) => {
      void this.pairing(request, response)
    })
    server.on('upgrade', (request, socket, head) => {
      if (!endpoint.upgrade(request, socket, head)) refuse(socket, '404 Not Found')
    })
    server.on('connection', (socket) => {
      this.sockets.add(socket)
      socket.on('close', () => this.sockets.delete(socket))
    })
    await new Promise<void>((resolve) => {
      server.listen(this.port, '127.0.0.1', resolve)
    })
    this.port = (server.address() as AddressInfo).port
    this.server = server
  }

  /** As if the process of the host ended: nothing is said to anybody. */
  async crash(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await this.endpoint?.close()
    await this.provider.close()
    await new Promise<void>((resolve) => {
      this.server?.close(() => {
        resolve()
      })
      this.server?.closeAllConnections()
    })
  }

  async restart(): Promise<void> {
    await this.crash()
    this.provider = this.make()
    await this.listen()
  }

  cutSockets(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  async code(context = this.context): Promise<string> {
    const { database } = this.scratch
    return (await database.company(context.companyId, (transaction) => this.provider.desks.newCode(transaction, context))).code
  }

  async pair(name = 'Desk', context = this.context): Promise<{ pairing: Pairing; folder: string }> {
    const folder = mkdtempSync(join(this.folder, 'desk-'))
    const pairing = await pairWithHost(this.url, await this.code(context), { name })
    new Pairings(folder).add(pairing)
    return { pairing, folder }
  }

  /** A desk with SoftHSM tokens. Without PIN file a person (the test) gives the PIN. */
  async desk(given: { pairing: Pairing; folder: string }, options: Partial<DeskOptions> & { pinFile?: string } = {}): Promise<SigningDesk> {
    const { pinFile, ...rest } = options
    const tokens = new Tokens({
      libraries: [{ name: 'soft', title: 'SoftHSM', file: softHsmLibrary }],
      pinFile: pinFile ?? null,
      warn: () => undefined,
      lookMs: 200,
    })
    const desk = new SigningDesk({
      folder: given.folder,
      pairings: [given.pairing],
      tokens,
      software: 'test',
      backOff: { first: 50, longest: 200 },
      ...rest,
    })
    await desk.start()
    return desk
  }

  async actions(): Promise<string[]> {
    const rows = await this.scratch.database.company(this.companyId, (transaction) =>
      transaction.knex('core_audit_event').where({ company_id: this.companyId }).orderBy('sequence').select<{ action: string }[]>('action'),
    )
    return rows.map(({ action }) => action)
  }

  async end(): Promise<void> {
    await this.crash()
    await this.audit.close()
    await this.scratch.end()
    rmSync(this.folder, { recursive: true, force: true })
  }

  private async pairing(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    try {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
      response.end(JSON.stringify(await this.provider.desks.pair(body, request.socket.remoteAddress ?? '')))
    } catch (error) {
      const fault = error instanceof Fault ? error : new Fault('HTTP-INTERNAL', { status: 500 })
      response.statusCode = fault.status
      response.end(JSON.stringify({ error: { code: fault.code, message: fault.code, requestId: '', details: [] } }))
    }
  }
}

export async function newCompany(scratch: ScratchDatabase, code: string): Promise<string> {
  const [row] = await scratch.database.host((knex) =>
    knex('core_company')
      .insert({
        code,
        name: `Company ${code}`,
        name_ar: 'شركة المثال',
        country: 'EG',
        currency: 'EGP',
        time_zone: 'Africa/Cairo',
        locale: 'ar',
        address: '{}',
      })
      .returning<{ id: string }[]>('id'),
  )
  if (row === undefined) throw new Error('company was not made')
  return row.id
}
