import type { LibraryText } from '../library.js'

export const confidentiality: LibraryText = {
  code: 'confidentiality',
  title: { ar: 'اتفاقية سرية', en: 'Confidentiality agreement', bg: 'Споразумение за поверителност' },
  preamble: {
    ar: 'أُبرمت هذه الاتفاقية في {{today}} بين {{company.name}} («الشركة») و{{party.name}} («المتلقي»).',
    en: 'This agreement is made on {{today}} between {{company.name}} (the “company”) and {{party.name}} (the “recipient”).',
    bg: 'Това споразумение е сключено на {{today}} между {{company.name}} („дружеството“) и {{party.name}} („получателят“).',
  },
  clauses: [
    {
      heading: { ar: 'المعلومات السرية', en: 'Confidential information', bg: 'Поверителна информация' },
      body: {
        ar: 'المعلومات السرية هي كل ما تطلع الشركة المتلقي عليه، كتابةً أو شفاهةً أو بوسيلة إلكترونية، لغرض {{purpose}}، ومنها بيانات العملاء والأسعار والخطط والبرامج.',
        en: 'Confidential information is all that the company tells or shows the recipient, in writing, by word or electronically, for the purpose of {{purpose}}, including data of customers, prices, plans and software.',
        bg: 'Поверителна е всяка информация, която дружеството предоставя на получателя писмено, устно или по електронен път с цел {{purpose}}, включително данни за клиенти, цени, планове и софтуер.',
      },
    },
    {
      heading: { ar: 'التزامات المتلقي', en: 'Duties of the recipient', bg: 'Задължения на получателя' },
      body: {
        ar: 'يلتزم المتلقي بما يلي:\n\n1. ألا يستعمل المعلومات السرية إلا للغرض المذكور.\n2. ألا يفصح عنها إلا لمن يحتاج إليها من العاملين لديه ويلتزم بمثل هذا الالتزام.\n3. أن يحفظها بالعناية التي يحفظ بها معلوماته.',
        en: 'The recipient shall:\n\n1. use the confidential information for the named purpose alone;\n2. disclose it only to those of his staff who need it and are bound in the same way;\n3. keep it with the care he gives to his own.',
        bg: 'Получателят се задължава:\n\n1. да използва поверителната информация само за посочената цел;\n2. да я разкрива само на свои служители, които се нуждаят от нея и са обвързани по същия начин;\n3. да я пази с грижата за собствената си информация.',
      },
    },
    {
      heading: { ar: 'ما لا يُعد سريًا', en: 'What is not confidential', bg: 'Какво не е поверително' },
      body: {
        ar: 'لا تشمل هذه الاتفاقية ما كان معلومًا للعموم أو للمتلقي من قبل، أو ما حصل عليه من غيره بوجه مشروع، أو ما يُلزمه القانون بالإفصاح عنه؛ وفي هذه الحالة يخطر الشركة أولًا متى جاز ذلك.',
        en: 'This agreement does not cover what is public, what the recipient knew before or lawfully has from others, or what the law obliges him to disclose; in that case he first informs the company where this is allowed.',
        bg: 'Споразумението не обхваща общоизвестното, вече известното на получателя или законно полученото от други, както и това, което законът го задължава да разкрие; тогава той първо уведомява дружеството, ако това е позволено.',
      },
    },
    {
      heading: { ar: 'المدة', en: 'Duration', bg: 'Срок' },
      body: {
        ar: 'تسري هذه الاتفاقية من {{start}}، ويبقى التزام السرية قائمًا {{years}} سنوات بعد انتهاء التعامل بين الطرفين.',
        en: 'This agreement takes effect on {{start}}; the duty of confidentiality lasts {{years}} years after the parties have ended their dealings.',
        bg: 'Споразумението влиза в сила на {{start}}; задължението за поверителност важи {{years}} години след края на отношенията между страните.',
      },
    },
    {
      heading: { ar: 'إعادة المعلومات', en: 'Return', bg: 'Връщане' },
      body: {
        ar: 'يعيد المتلقي المعلومات السرية أو يتلفها خلال أربعة عشر يومًا من طلب الشركة، ويؤكد ذلك كتابةً.',
        en: 'Within fourteen days of the company’s request the recipient returns or destroys the confidential information and confirms it in writing.',
        bg: 'В срок от четиринадесет дни от искането на дружеството получателят връща или унищожава поверителната информация и го потвърждава писмено.',
      },
    },
    {
      heading: { ar: 'القانون والاختصاص', en: 'Law and courts', bg: 'Приложимо право' },
      body: {
        ar: 'تخضع هذه الاتفاقية لأنظمة {{company.country}}، وتختص محاكمها بالنظر في ما ينشأ عنها من نزاع.',
        en: 'This agreement is governed by the laws of {{company.country}}, whose courts decide disputes arising from it.',
        bg: 'За споразумението се прилага правото на {{company.country}}, чиито съдилища решават споровете по него.',
      },
    },
  ],
  mergeFields: [
    { name: 'party.name', label: { ar: 'اسم المتلقي', en: 'Name of the recipient', bg: 'Име на получателя' } },
    { name: 'purpose', label: { ar: 'الغرض', en: 'Purpose', bg: 'Цел' } },
    { name: 'start', type: 'date', label: { ar: 'تاريخ السريان', en: 'Takes effect on', bg: 'В сила от' } },
    { name: 'years', type: 'number', label: { ar: 'عدد السنوات', en: 'Number of years', bg: 'Брой години' } },
  ],
  roles: [
    { id: 'recipient', name: { ar: 'المتلقي', en: 'Recipient', bg: 'Получател' } },
    { id: 'representative', name: { ar: 'ممثل الشركة', en: 'For the company', bg: 'За дружеството' } },
  ],
}
