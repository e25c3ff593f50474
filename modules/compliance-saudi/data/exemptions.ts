import { z } from 'zod'

const text = z.object({ ar: z.string().min(1), en: z.string().min(1), bg: z.string().min(1) })
const exemption = z.object({
  code: z.string().regex(/^VATEX-SA-[A-Z0-9-]+$/),
  category: z.enum(['E', 'Z', 'O']),
  reason: text,
})
export type Exemption = z.infer<typeof exemption>

/** Where codes and texts stand: XML Implementation Standard, paragraph 11.2.4; codes as in the rule set 3.4.7. */
export const exemptionSource = 'ZATCA, Electronic Invoice XML Implementation Standard, paragraph 11.2.4'

/** Reasons why VAT is exempt (E), zero (Z) or out of scope (O). */
export const exemptions: readonly Exemption[] = z.array(exemption).parse([
  { code: 'VATEX-SA-29', category: 'E', reason: { ar: 'الخدمات المالية', en: 'Financial services mentioned in Article 29 of the VAT Regulations', bg: 'Финансови услуги (чл. 29)' } },
  { code: 'VATEX-SA-29-7', category: 'E', reason: { ar: 'عقد تأمين على الحياة', en: 'Life insurance services mentioned in Article 29 of the VAT Regulations', bg: 'Застраховка „Живот“ (чл. 29)' } },
  { code: 'VATEX-SA-30', category: 'E', reason: { ar: 'التوريدات العقارية المعفاة من الضريبة', en: 'Real estate transactions mentioned in Article 30 of the VAT Regulations', bg: 'Сделки с недвижими имоти (чл. 30)' } },
  { code: 'VATEX-SA-32', category: 'Z', reason: { ar: 'صادرات السلع من المملكة', en: 'Export of goods', bg: 'Износ на стоки' } },
  { code: 'VATEX-SA-33', category: 'Z', reason: { ar: 'صادرات الخدمات من المملكة', en: 'Export of services', bg: 'Износ на услуги' } },
  { code: 'VATEX-SA-34-1', category: 'Z', reason: { ar: 'النقل الدولي للسلع', en: 'The international transport of goods', bg: 'Международен превоз на стоки' } },
  { code: 'VATEX-SA-34-2', category: 'Z', reason: { ar: 'النقل الدولي للركاب', en: 'International transport of passengers', bg: 'Международен превоз на пътници' } },
  { code: 'VATEX-SA-34-3', category: 'Z', reason: { ar: 'الخدمات المرتبطة مباشرة أو عرضيًا بتوريد النقل الدولي للركاب', en: 'Services directly connected and incidental to a supply of international passenger transport', bg: 'Услуги, свързани с международен превоз на пътници' } },
  { code: 'VATEX-SA-34-4', category: 'Z', reason: { ar: 'توريد وسائل النقل المؤهلة', en: 'Supply of a qualifying means of transport', bg: 'Доставка на допустимо превозно средство' } },
  { code: 'VATEX-SA-34-5', category: 'Z', reason: { ar: 'الخدمات ذات الصلة بنقل السلع أو الركاب', en: 'Any services relating to goods or passenger transportation, as defined in Article 25 of the Regulations', bg: 'Услуги, свързани с превоз на стоки или пътници (чл. 25)' } },
  { code: 'VATEX-SA-35', category: 'Z', reason: { ar: 'الأدوية والمعدات الطبية', en: 'Medicines and medical equipment', bg: 'Лекарства и медицинско оборудване' } },
  { code: 'VATEX-SA-36', category: 'Z', reason: { ar: 'المعادن المؤهلة', en: 'Qualifying metals', bg: 'Допустими метали' } },
  { code: 'VATEX-SA-EDU', category: 'Z', reason: { ar: 'الخدمات التعليمية الخاصة للمواطن', en: 'Private education to citizen', bg: 'Частно образование за гражданин' } },
  { code: 'VATEX-SA-HEA', category: 'Z', reason: { ar: 'الخدمات الصحية الخاصة للمواطن', en: 'Private healthcare to citizen', bg: 'Частно здравеопазване за гражданин' } },
  { code: 'VATEX-SA-MLTRY', category: 'Z', reason: { ar: 'توريد السلع العسكرية المؤهلة', en: 'Supply of qualified military goods', bg: 'Доставка на допустими военни стоки' } },
  { code: 'VATEX-SA-DIPLOMAT', category: 'Z', reason: { ar: 'توريدات البعثات الدبلوماسية', en: 'Supplies to diplomatic missions', bg: 'Доставки за дипломатически мисии' } },
  { code: 'VATEX-SA-DUTYFREE', category: 'Z', reason: { ar: 'توريدات الأسواق الحرة', en: 'Supplies in duty-free shops', bg: 'Доставки в безмитни магазини' } },
  { code: 'VATEX-SA-ROYALDECREE', category: 'Z', reason: { ar: 'توريدات بموجب أمر ملكي', en: 'Supplies under a royal decree', bg: 'Доставки по кралски указ' } },
  { code: 'VATEX-SA-OOS', category: 'O', reason: { ar: 'توريد خارج نطاق ضريبة القيمة المضافة', en: 'Supply not subject to VAT', bg: 'Доставка извън обхвата на ДДС' } },
])

const byCode = new Map(exemptions.map((one) => [one.code, one]))

export function exemptionOf(code: string): Exemption | undefined {
  return byCode.get(code)
}
