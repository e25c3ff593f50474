import type { LibraryText } from '../library.js'

export const authorisation: LibraryText = {
  code: 'authorisation',
  title: { ar: 'تفويض', en: 'Letter of authorisation', bg: 'Пълномощно' },
  preamble: {
    ar: 'تفوض {{company.name}}، سجل رقم {{company.registration}}، السيد/السيدة {{agent.name}}، هوية رقم {{agent.id}}.',
    en: '{{company.name}}, registration no. {{company.registration}}, authorises {{agent.name}}, identity no. {{agent.id}}.',
    bg: '{{company.name}}, рег. № {{company.registration}}, упълномощава {{agent.name}}, документ № {{agent.id}}.',
  },
  clauses: [
    {
      heading: { ar: 'نطاق التفويض', en: 'Scope', bg: 'Обхват' },
      body: {
        ar: 'يشمل التفويض القيام نيابةً عن الشركة بما يلي: {{scope}}، أمام {{authority}}.',
        en: 'The agent may do the following for the company: {{scope}}, before {{authority}}.',
        bg: 'Пълномощникът може да извършва от името на дружеството: {{scope}}, пред {{authority}}.',
      },
    },
    {
      heading: { ar: 'المدة', en: 'Duration', bg: 'Срок' },
      body: {
        ar: 'يسري التفويض حتى {{until}} ما لم تُلغه الشركة كتابةً قبل ذلك، ولا يجوز للمفوَّض تفويض غيره.',
        en: 'It holds until {{until}} unless the company withdraws it in writing before; the agent may not pass it on.',
        bg: 'Важи до {{until}}, освен ако дружеството го оттегли писмено по-рано; не може да се преупълномощава.',
      },
    },
  ],
  mergeFields: [
    { name: 'agent.name', label: { ar: 'اسم المفوَّض', en: 'Name of the agent', bg: 'Име на пълномощника' } },
    { name: 'agent.id', label: { ar: 'رقم الهوية', en: 'Identity number', bg: 'Номер на документ' } },
    { name: 'scope', label: { ar: 'الأعمال المفوَّض بها', en: 'What may be done', bg: 'Действия' } },
    { name: 'authority', label: { ar: 'الجهة', en: 'Before whom', bg: 'Пред кого' } },
    { name: 'until', type: 'date', label: { ar: 'سارٍ حتى', en: 'Valid until', bg: 'Валидно до' } },
  ],
  roles: [{ id: 'principal', name: { ar: 'المفوِّض', en: 'Principal', bg: 'Упълномощител' } }],
}
