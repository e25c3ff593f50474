import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../../../core/access/context.js'
import type { Host } from '../../../../../core/host/module.js'
import { startTestHost, type TestHost } from '../../../../../test/helpers/test-host.js'
import type { RequestSigner, SignRequest } from '../../../models/request.js'
import { createTextTemplate } from '../../../templates/create-template.js'
import { readRequest } from '../../request-rows.js'
import { afterSigner } from '../after-signer.js'
import { createRequest } from '../create-request.js'
import { moveSigner } from '../states.js'
import type { SignerInput } from '../../../models/request.js'

export interface SandboxMail {
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly attachments: readonly { readonly name: string }[]
}

/** A host with the sandbox's mail server, a company that signs without seal and time stamp, a contract of three roles and a copy. */
export class RequestHouse {
  private constructor(
    readonly running: TestHost,
    readonly context: CompanyContext,
    readonly templateId: string,
    private readonly clock: { ahead: number },
  ) {}

  static async open(): Promise<RequestHouse> {
    const clock = { ahead: 0 }
    const running = await startTestHost({ sandbox: true, role: { web: true }, now: () => new Date(Date.now() + clock.ahead) })
    const context = await running.company({ sandbox: true, country: 'SA' })
    const { host } = running
    await host.modules.enable(context, 'signatures')
    const templateId = await host.db.company(context.companyId, async (transaction) => {
      await host.settings.set(transaction, context, 'signatures', { sealWhenSigned: false })
      return createTextTemplate(host, transaction, context, {
        name: 'عقد تقديم خدمات',
        locale: 'ar',
        roles: [
          { id: 'approver', name: 'المدير', action: 'approve', group: 1 },
          { id: 'buyer', name: 'العميل', group: 2, canDelegate: true },
          { id: 'seller', name: 'المورّد', group: 3 },
          { id: 'office', name: 'المحاسبة', action: 'copy', group: 3 },
        ],
        content: {
          kind: 'text',
          languages: ['ar', 'en'],
          title: { ar: 'عقد تقديم خدمات', en: 'Service agreement' },
          clauses: [
            {
              heading: { ar: 'القيمة', en: 'Value' },
              body: {
                ar: 'القيمة {{contract.value}}.\n\n[[signature:buyer:sign]] [[signature:seller:sign2]]',
                en: 'The value is {{contract.value}}.\n\n[[signature:buyer:sign]] [[signature:seller:sign2]]',
              },
            },
          ],
          mergeFields: [{ name: 'contract.value', label: { ar: 'قيمة العقد', en: 'Contract value' }, type: 'money' }],
          prevailing: 'ar',
        },
      })
    })
    return new RequestHouse(running, context, templateId, clock)
  }

  /** Time goes on. */
  later(days: number): void {
    this.clock.ahead += days * 86_400_000
  }

  get host(): Host {
    return this.running.host
  }

  /** A complete draft; people by role may be changed. */
  draft(changes: Readonly<Record<string, Partial<SignerInput>>> = {}, more: Record<string, unknown> = {}): Promise<string> {
    const people: SignerInput[] = [
      { role: 'approver', name: 'منى القحطاني', email: 'mona@example.test', locale: 'ar' },
      { role: 'buyer', name: 'Ivan Petrov', email: 'ivan@example.test', locale: 'bg' },
      { role: 'seller', name: 'Sara Lind', email: 'sara@example.test', locale: 'en' },
      { role: 'office', name: 'المحاسبة', email: 'office@example.test', locale: 'ar' },
    ]
    return this.host.db.company(this.context.companyId, (transaction) =>
      createRequest(this.host, transaction, this.context, {
        templateId: this.templateId,
        signers: people.map((person) => ({ ...person, ...changes[person.role] })),
        variables: { 'contract.value': '12500.50' },
        replyTo: 'hr@example.test',
        ...more,
      }),
    )
  }

  read(id: string): Promise<SignRequest> {
    return this.host.db.company(this.context.companyId, (transaction) => readRequest(transaction, id))
  }

  async signer(id: string, role: string): Promise<RequestSigner> {
    const signer = (await this.read(id)).signers.find((one) => one.role === role)
    assert.ok(signer)
    return signer
  }

  /** Does a person's part as the signing page does in the end: state, then what follows from it, in one transaction. */
  finish(id: string, role: string): Promise<void> {
    return this.host.db.company(this.context.companyId, async (transaction) => {
      const request = await readRequest(transaction, id, { lock: true })
      const signer = request.signers.find((one) => one.role === role)
      assert.ok(signer)
      await moveSigner(transaction, signer, signer.action === 'approve' ? 'approved' : 'signed', { completed_at: this.host.now() })
      await afterSigner(this.host, transaction, this.context, id, signer.id)
    })
  }

  /** Mails as the server has them, oldest first, once all jobs ran. */
  async mails(to?: string): Promise<SandboxMail[]> {
    await this.host.jobs.drain()
    const answer = await fetch(`${this.host.config.sandbox.url ?? ''}/mail/api`)
    // The sandbox's own shape, checked where it is used.
    const mails = (await answer.json()) as { id: string; to: string[] }[]
    return Promise.all(
      mails
        .filter((mail) => to === undefined || mail.to.includes(to))
        .map(async ({ id }) => (await (await fetch(`${this.host.config.sandbox.url ?? ''}/mail/api/${id}`)).json()) as SandboxMail),
    )
  }
}

/** The token of the link in a mail. */
export function tokenIn(mail: SandboxMail | undefined): string {
  const token = /\/sign\/([\w-]{43})/.exec(mail?.text ?? '')?.[1]
  assert.ok(token, mail?.text)
  return token
}
