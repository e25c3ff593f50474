import { EtaRefusal, textMember, type EtaAnswer } from './answers.js'
import type { EtaAuthority } from './eta-authority.js'
import type { CodeRequest, Taxpayer } from './register.js'

/** Codes of goods: asked for by taxpayers, decided by the authority's staff. */
export class EtaCodes {
  constructor(private readonly authority: EtaAuthority) {}

  /** POST codetypes/requests/codes: each item stands alone. */
  create(taxpayer: Taxpayer, body: unknown): EtaAnswer {
    const passedItems: object[] = []
    const failedItems: object[] = []
    for (const item of itemsIn(body)) {
      const errors = this.problems(taxpayer, item)
      const itemCode = textMember(item, 'itemCode') ?? ''
      if (errors.length > 0) {
        failedItems.push({ itemCode, errors })
        continue
      }
      passedItems.push({ itemCode, codeUsageRequestId: this.add(taxpayer, item, false).id })
    }
    return {
      status: passedItems.length === 0 ? 400 : 200,
      body: { passedItems, failedItems, passedItemsCount: passedItems.length, failedItemsCount: failedItems.length },
    }
  }

  /** PUT codetypes/requests/codeusages: use of codes that somebody else has published. */
  reuse(taxpayer: Taxpayer, body: unknown): EtaAnswer {
    const passedItems: object[] = []
    const failedItems: object[] = []
    for (const item of itemsIn(body)) {
      const itemCode = textMember(item, 'itemcode') ?? textMember(item, 'itemCode') ?? ''
      const published = this.authority.register
        .allCodes()
        .find((one) => one.itemCode === itemCode && !one.usage && this.stateOf(one).state === 'Approved')
      if (published === undefined) failedItems.push({ itemCode, errors: ['The code is not published'] })
      else passedItems.push({ itemCode, codeUsageRequestId: this.add(taxpayer, { ...published, ...textsOf(item) }, true).id })
    }
    return { status: passedItems.length === 0 ? 400 : 200, body: { passedItems, failedItems } }
  }

  /** GET codetypes/requests/my. */
  mine(taxpayer: Taxpayer, query: Readonly<Record<string, string>>): EtaAnswer {
    const size = Math.min(Math.max(1, Number(query.Ps ?? query.PageSize ?? '50') || 50), 100)
    const page = Math.max(1, Number(query.Pn ?? query.PageNumber ?? '1') || 1)
    const found = this.authority.register
      .allCodes()
      .filter((one) => one.rin === taxpayer.rin && (query.ItemCode === undefined || one.itemCode === query.ItemCode))
    const result = found.slice((page - 1) * size, page * size).map((one) => {
      const { state, reason } = this.stateOf(one)
      return {
        codeUsageRequestID: one.id,
        codeTypeName: one.codeType,
        itemCode: one.itemCode,
        codeNamePrimaryLang: one.codeName,
        codeNameSecondaryLang: one.codeNameAr,
        parentItemCode: one.parentCode,
        activeFrom: one.activeFrom,
        activeTo: one.activeTo,
        active: state === 'Approved',
        status: state,
        statusReason: reason,
      }
    })
    return { status: 200, body: { result, metadata: { totalPages: Math.ceil(found.length / size), totalCount: found.length } } }
  }

  private stateOf(request: CodeRequest): { readonly state: string; readonly reason: string } {
    return this.authority.register.codeState(request.id)
  }

  private add(taxpayer: Taxpayer, item: object, usage: boolean): CodeRequest {
    const { register } = this.authority
    const known = register
      .allCodes()
      .find((one) => one.rin === taxpayer.rin && one.itemCode === textMember(item, 'itemCode') && this.stateOf(one).state !== 'Rejected')
    if (known !== undefined) return known
    const request = register.addCode({
      rin: taxpayer.rin,
      usage,
      codeType: textMember(item, 'codeType') ?? 'EGS',
      parentCode: textMember(item, 'parentCode') ?? '',
      itemCode: textMember(item, 'itemCode') ?? '',
      codeName: textMember(item, 'codeName') ?? '',
      codeNameAr: textMember(item, 'codeNameAr') ?? '',
      activeFrom: textMember(item, 'activeFrom') ?? this.authority.now().toISOString(),
      activeTo: textMember(item, 'activeTo') ?? null,
      at: this.authority.now().toISOString(),
    })
    if (this.authority.settings.approveCodes) register.decideCode(request.id, 'Approved', '')
    return request
  }

  private problems(taxpayer: Taxpayer, item: object): string[] {
    const errors: string[] = []
    const code = textMember(item, 'itemCode') ?? ''
    const type = textMember(item, 'codeType')
    if (type !== 'EGS' && type !== 'GS1') errors.push('codeType must be EGS or GS1')
    if (type === 'EGS' && !code.startsWith(`EG-${taxpayer.rin}-`)) errors.push(`itemCode must begin with EG-${taxpayer.rin}-`)
    if (type === 'EGS' && code.length > 60) errors.push('itemCode is too long')
    if (!/^\d{8}$/.test(textMember(item, 'parentCode') ?? '')) errors.push('parentCode must be a GPC brick (8 digits)')
    if ((textMember(item, 'codeName') ?? '') === '') errors.push('codeName is required')
    if ((textMember(item, 'codeNameAr') ?? '') === '') errors.push('codeNameAr is required')
    if (Number.isNaN(Date.parse(textMember(item, 'activeFrom') ?? ''))) errors.push('activeFrom is required')
    return errors
  }
}

function itemsIn(body: unknown): object[] {
  const items = typeof body === 'object' && body !== null && 'items' in body ? body.items : undefined
  if (!Array.isArray(items) || items.length === 0) throw new EtaRefusal(400, 'BadStructure', 'items is missing or empty', 'items')
  return items.filter((one): one is object => typeof one === 'object' && one !== null)
}

function textsOf(item: object): object {
  return Object.fromEntries(Object.entries(item).filter(([name, value]) => typeof value === 'string' && name !== 'itemcode'))
}
