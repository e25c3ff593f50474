import { randomUUID } from 'node:crypto'
import { EtaRefusal, textMember, type EtaAnswer } from './answers.js'
import type { EtaAuthority } from './eta-authority.js'
import type { EtaNotifier } from './notifier.js'
import type { EtaDocument, PackageRequest, Taxpayer } from './register.js'
import { summaryOf } from './summaries.js'

/** Files of many documents: asked for, made after a while, fetched. */
export class EtaPackages {
  constructor(
    private readonly authority: EtaAuthority,
    private readonly notifier: EtaNotifier,
  ) {}

  /** POST documentpackages/requests. */
  request(taxpayer: Taxpayer, body: unknown): EtaAnswer {
    const type = textMember(body, 'type')?.toLowerCase()
    const format = textMember(body, 'format')?.toUpperCase()
    if (type !== 'full' && type !== 'summary') throw new EtaRefusal(400, 'BadArgument', 'type is full or summary', 'type')
    if (format !== 'JSON' && format !== 'XML' && !(format === 'CSV' && type === 'summary'))
      throw new EtaRefusal(400, 'BadArgument', 'format is JSON or XML, or CSV for summaries', 'format')
    const query = typeof body === 'object' && body !== null && 'queryParameters' in body ? body.queryParameters : undefined
    const [from, to] = [textMember(query, 'dateFrom') ?? '', textMember(query, 'dateTo') ?? '']
    if (Number.isNaN(Date.parse(from)) || Number.isNaN(Date.parse(to)))
      throw new EtaRefusal(400, 'BadArgument', 'dateFrom and dateTo are needed', 'queryParameters')
    const id = randomUUID()
    this.authority.register.addPackage({ id, rin: taxpayer.rin, type, format, from, to, at: this.authority.now().toISOString() })
    setTimeout(() => {
      this.notifier.packageReady(taxpayer.rin, id)
    }, this.authority.settings.decisionMs).unref()
    return { status: 200, body: { requestId: id } }
  }

  /** GET documentpackages/requests. */
  list(taxpayer: Taxpayer): EtaAnswer {
    const result = this.authority.register.packagesOf(taxpayer.rin).map((one) => ({
      packageId: one.id,
      submissionDate: one.at,
      status: this.ready(one) ? 'Complete' : 'InProgress',
      type: one.type,
      format: one.format,
      queryParameters: { dateFrom: one.from, dateTo: one.to },
    }))
    return { status: 200, body: { result, metadata: { totalPages: 1, totalCount: result.length } } }
  }

  /** GET documentpackages/{id}: 404 until it is ready. */
  fetch(taxpayer: Taxpayer, id: string): EtaAnswer {
    const found = this.authority.register.packagesOf(taxpayer.rin).find((one) => one.id === id)
    if (found === undefined || !this.ready(found)) throw new EtaRefusal(404, 'NotFound', 'The package is unknown or not ready', 'id')
    const documents = this.authority.register
      .allDocuments()
      .filter(
        (one) =>
          (one.issuer === taxpayer.rin || one.receiver === taxpayer.rin) &&
          one.receivedAt >= isoOf(found.from) &&
          one.receivedAt <= isoOf(found.to),
      )
    if (found.format === 'CSV')
      return { status: 200, body: null, file: { bytes: Buffer.from(csvOf(this.authority, documents)), mediaType: 'text/csv' } }
    const rows: object[] = documents.map((one) => ({
      ...summaryOf(this.authority, one),
      ...(found.type === 'full' ? { document: one.text } : {}),
    }))
    if (found.format === 'XML') return { status: 200, body: null, file: { bytes: Buffer.from(xmlOf(rows)), mediaType: 'application/xml' } }
    return { status: 200, body: null, file: { bytes: Buffer.from(JSON.stringify(rows)), mediaType: 'application/json' } }
  }

  private ready(request: PackageRequest): boolean {
    return this.authority.now().getTime() >= Date.parse(request.at) + this.authority.settings.decisionMs
  }
}

function xmlOf(rows: readonly object[]): string {
  const text = (value: unknown): string =>
    String(value).replaceAll(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign] ?? '')
  const documents = rows.map((row) => {
    const members = Object.entries(row).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    return `<document>${members.map(([name, value]) => `<${name}>${text(value)}</${name}>`).join('')}</document>`
  })
  return `<?xml version="1.0" encoding="UTF-8"?><documents>${documents.join('')}</documents>`
}

function isoOf(text: string): string {
  return new Date(text).toISOString()
}

function csvOf(authority: EtaAuthority, documents: readonly EtaDocument[]): string {
  const rows = documents.map((one) => [
    one.uuid,
    one.internalId,
    one.type,
    one.issuer,
    one.receiver,
    one.issuedAt,
    one.total,
    authority.register.statusOf(one, authority.now()),
  ])
  return [['uuid', 'internalId', 'typeName', 'issuerId', 'receiverId', 'dateTimeIssued', 'total', 'status'], ...rows]
    .map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))
    .join('\r\n')
}
