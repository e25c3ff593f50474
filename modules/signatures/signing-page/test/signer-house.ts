import assert from 'node:assert/strict'
import type { Logger } from '../../../../core/host/logger.js'
import type { RequestInput, RequestSigner, SignerInput, SignRequest } from '../../models/request.js'
import type { TemplateFieldInput } from '../../models/field.js'
import type { TemplateRoleInput } from '../../models/role.js'
import { createRequest } from '../../services/requests/create-request.js'
import { newLink } from '../../services/requests/links.js'
import { sendRequest } from '../../services/requests/send-request.js'
import { documentOf, SigningHouse } from '../../services/signing/test/signing-house.js'
import { WebClient } from '../../../../test/helpers/web-client.js'

export const people: readonly SignerInput[] = [
  { role: 'employee', name: 'سلمى العتيبي', email: 'salma@example.test', phone: '+966501234567', locale: 'ar' },
  { role: 'employer', name: 'Ivan Petrov', email: 'ivan@example.test', phone: '+359881234567', locale: 'en' },
]

export const roles: readonly TemplateRoleInput[] = [
  { id: 'employee', name: 'الموظف', group: 1, canDelegate: true },
  { id: 'employer', name: 'Employer', group: 2 },
]

const place = { page: 1, x: 0.1, width: 0.4, height: 0.05 }
/** One signature each, and what a new employee tells. */
export const fields: readonly TemplateFieldInput[] = [
  { id: 'full-name', type: 'name', role: 'employee', label: 'الاسم الكامل', areas: [{ ...place, y: 0.2 }] },
  { id: 'iban', type: 'text', role: 'employee', label: 'رقم الآيبان', areas: [{ ...place, y: 0.3 }], validation: { pattern: 'iban' } },
  { id: 'first-day', type: 'date', role: 'employee', label: 'أول يوم عمل', areas: [{ ...place, y: 0.4 }] },
  {
    id: 'pension',
    type: 'checkbox',
    role: 'employee',
    required: false,
    label: 'صندوق التقاعد',
    areas: [{ page: 1, x: 0.1, y: 0.5, width: 0.04, height: 0.03 }],
  },
  {
    id: 'fund',
    type: 'text',
    role: 'employee',
    label: 'اسم الصندوق',
    areas: [{ ...place, x: 0.2, y: 0.5 }],
    conditions: [{ field: 'pension', operator: 'checked' }],
  },
  { id: 'sign', type: 'signature', role: 'employee', label: 'توقيع الموظف', areas: [{ ...place, y: 0.8, height: 0.08 }] },
  {
    id: 'sign-2',
    type: 'signature',
    role: 'employer',
    label: 'Signature of the employer',
    areas: [{ ...place, x: 0.55, y: 0.8, height: 0.08 }],
  },
]

/** A host that answers pages, with sandbox authorities, a mailbox and a telephone; contracts that are sent. */
export class SignerHouse {
  private constructor(
    readonly signing: SigningHouse,
    readonly url: string,
    readonly templateId: string,
    private readonly clock: { ahead: number },
  ) {}

  static async open(
    options: { readonly worker?: boolean; readonly port?: number; readonly publicUrl?: string; readonly logger?: Logger } = {},
  ): Promise<SignerHouse> {
    const clock = { ahead: 0 }
    const signing = await SigningHouse.open({
      role: { web: true, worker: options.worker ?? false },
      now: () => new Date(Date.now() + clock.ahead),
      ...(options.logger === undefined ? {} : { logger: options.logger }),
      config: {
        ...(options.port === undefined ? {} : { port: options.port }),
        ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
      },
    })
    // Its text messages go to the telephone of the sandbox.
    await signing.host.access.updateCompany(signing.context.companyId, { sandbox: true, email: 'office@example.test' })
    const { port } = await signing.running.listen()
    const templateId = await signing.template(await documentOf(2), 2, fields, roles)
    return new SignerHouse(signing, `http://127.0.0.1:${String(port)}`, templateId, clock)
  }

  get host(): SigningHouse['host'] {
    return this.signing.host
  }

  later(minutes: number): void {
    this.clock.ahead += minutes * 60_000
  }

  close(): Promise<void> {
    return this.signing.close()
  }

  /** A request on its way; signers by role may be changed. */
  async sent(
    changes: Readonly<Record<string, Partial<SignerInput>>> = {},
    more: Partial<RequestInput> = {},
    templateId = this.templateId,
  ): Promise<SignRequest> {
    const { signing, host } = this
    const id = await signing.company((transaction) =>
      createRequest(host, transaction, signing.context, {
        templateId,
        signers: people.map((person) => ({ ...person, ...changes[person.role] })),
        ...more,
      }),
    )
    return sendRequest(host, signing.context, id)
  }

  async link(request: Pick<SignRequest, 'id'>, role: string): Promise<string> {
    const signer = await this.signer(request, role)
    return `/sign/${await this.signing.company((transaction) => newLink(this.host, transaction, signer))}`
  }

  async signer(request: Pick<SignRequest, 'id'>, role: string): Promise<RequestSigner> {
    return this.signing.signer(await this.signing.read(request.id), role)
  }

  /** The newest code in the mailbox or on the telephone. */
  async code(to: string): Promise<string> {
    await this.host.jobs.drain()
    const mails = await this.signing.sandbox.mailbox()
    const texts = [
      ...mails.filter((mail) => mail.to.includes(to)).map((mail) => mail.text),
      ...this.signing.sandbox
        .textMessages()
        .filter((message) => message.to === to)
        .map((message) => message.text),
    ]
    const code = texts.flatMap((text) => /(?<!\d)\d{6}(?!\d)/.exec(text) ?? []).at(-1)
    assert.ok(code, `no code for ${to}`)
    return code
  }

  /** A browser that opened the link and asked for its code. */
  async opened(path: string): Promise<WebClient> {
    const client = new WebClient(this.url)
    await client.get(path)
    await client.post(`${path}/begin`, { timeZone: 'Asia/Riyadh' })
    return client
  }

  /** A browser that has proven who it is and consented. */
  async ready(path: string, email = 'salma@example.test'): Promise<WebClient> {
    const client = await this.opened(path)
    await client.post(`${path}/prove`, { code: await this.code(email) })
    const page = await client.get(path)
    const sha256 = /name="sha256" value="([0-9a-f]{64})"/.exec(page.text)?.[1]
    assert.ok(sha256, page.text)
    await client.post(`${path}/consent`, { agree: 'yes', sha256 })
    return client
  }

  async events(request: Pick<SignRequest, 'id'>): Promise<string[]> {
    const rows = await this.signing.company((transaction) =>
      transaction
        .knex<{ company_id: string; request_id: string; sequence: number; type: string }>('signatures_event')
        .where({ company_id: transaction.companyId, request_id: request.id })
        .orderBy('sequence')
        .select('type'),
    )
    return rows.map(({ type }) => type)
  }
}
