import type { LibraryText } from '../library.js'

export const services: LibraryText = {
  code: 'services',
  title: { ar: 'عقد خدمات', en: 'Service agreement', bg: 'Договор за услуги' },
  preamble: {
    ar: 'أُبرم هذا العقد في {{today}} بين {{company.name}}، سجل رقم {{company.registration}} («مقدم الخدمة»)، و{{client.name}} («العميل»).',
    en: 'This agreement is made on {{today}} between {{company.name}}, registration no. {{company.registration}} (the “provider”), and {{client.name}} (the “client”).',
    bg: 'Този договор е сключен на {{today}} между {{company.name}}, рег. № {{company.registration}} („изпълнителят“), и {{client.name}} („възложителят“).',
  },
  clauses: [
    {
      heading: { ar: 'الخدمات', en: 'Services', bg: 'Услуги' },
      body: {
        ar: 'يقدم مقدم الخدمة للعميل الخدمات الآتية: {{service.description}}.',
        en: 'The provider renders the following services to the client: {{service.description}}.',
        bg: 'Изпълнителят предоставя на възложителя следните услуги: {{service.description}}.',
      },
    },
    {
      heading: { ar: 'المدة', en: 'Term', bg: 'Срок' },
      body: {
        ar: 'يبدأ العقد في {{start}} وينتهي في {{end}}، ويجوز تجديده باتفاق مكتوب.',
        en: 'The agreement begins on {{start}} and ends on {{end}}; it may be renewed in writing.',
        bg: 'Договорът започва на {{start}} и изтича на {{end}}; може да се поднови писмено.',
      },
    },
    {
      heading: { ar: 'المقابل والدفع', en: 'Fee and payment', bg: 'Възнаграждение и плащане' },
      body: {
        ar: 'يدفع العميل مقابلًا قدره **{{fee}}** غير شامل ضريبة القيمة المضافة:\n\n1. خلال ثلاثين يومًا من تاريخ الفاتورة.\n2. بالتحويل إلى الحساب المذكور في الفاتورة.',
        en: 'The client pays a fee of **{{fee}}**, exclusive of value added tax:\n\n1. within thirty days of the date of the invoice;\n2. by transfer to the account named on the invoice.',
        bg: 'Възложителят заплаща **{{fee}}** без данък върху добавената стойност:\n\n1. в срок от тридесет дни от датата на фактурата;\n2. по сметката, посочена във фактурата.',
      },
    },
    {
      heading: { ar: 'التزامات العميل', en: 'Duties of the client', bg: 'Задължения на възложителя' },
      body: {
        ar: 'يوفر العميل في الوقت المناسب ما يلزم لأداء الخدمات من معلومات وموافقات.',
        en: 'The client provides in time the information and approvals that the services need.',
        bg: 'Възложителят предоставя навреме необходимите за услугите информация и одобрения.',
      },
    },
    {
      heading: { ar: 'السرية', en: 'Confidentiality', bg: 'Поверителност' },
      body: {
        ar: 'يحفظ كل طرف سرية ما يطلع عليه من معلومات الطرف الآخر أثناء العقد وبعده.',
        en: 'Each party keeps secret what it learns of the other, during the agreement and after it.',
        bg: 'Всяка страна пази в тайна узнатото за другата по време на договора и след него.',
      },
    },
    {
      heading: { ar: 'الإنهاء', en: 'Termination', bg: 'Прекратяване' },
      body: {
        ar: 'لكل طرف إنهاء العقد بإشعار مكتوب قبل ثلاثين يومًا، أو فورًا إذا أخل الطرف الآخر إخلالًا جوهريًا ولم يصلحه خلال خمسة عشر يومًا من إنذاره.',
        en: 'Either party may end the agreement by thirty days’ written notice, or at once if the other is in material breach and does not mend it within fifteen days of a warning.',
        bg: 'Всяка страна може да прекрати договора с тридесетдневно писмено предизвестие или незабавно при съществено неизпълнение, неотстранено до петнадесет дни от предупреждение.',
      },
    },
    {
      heading: { ar: 'القانون والاختصاص', en: 'Law and courts', bg: 'Приложимо право' },
      body: {
        ar: 'يخضع هذا العقد لأنظمة {{company.country}} وتختص محاكمها بمنازعاته.',
        en: 'This agreement is governed by the laws of {{company.country}}, whose courts decide its disputes.',
        bg: 'За договора се прилага правото на {{company.country}}, чиито съдилища решават споровете.',
      },
    },
  ],
  mergeFields: [
    { name: 'client.name', label: { ar: 'اسم العميل', en: 'Name of the client', bg: 'Име на възложителя' } },
    { name: 'service.description', label: { ar: 'وصف الخدمات', en: 'Description of the services', bg: 'Описание на услугите' } },
    { name: 'start', type: 'date', label: { ar: 'تاريخ البداية', en: 'Start', bg: 'Начало' } },
    { name: 'end', type: 'date', label: { ar: 'تاريخ النهاية', en: 'End', bg: 'Край' } },
    { name: 'fee', type: 'money', label: { ar: 'المقابل', en: 'Fee', bg: 'Възнаграждение' } },
  ],
  roles: [
    { id: 'client', name: { ar: 'العميل', en: 'Client', bg: 'Възложител' } },
    { id: 'provider', name: { ar: 'مقدم الخدمة', en: 'Provider', bg: 'Изпълнител' } },
  ],
}
