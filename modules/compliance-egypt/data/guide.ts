import type { LocalizedText } from '../../../core/i18n/locale.js'

/** A piece of advice, which step of the setup it belongs to, and where it comes from. */
export interface GuideStep {
  readonly topic: 'portal' | 'branches' | 'activity' | 'credentials' | 'key' | 'signing' | 'codes' | 'limits'
  readonly text: LocalizedText
  readonly source: string
}

/** From nothing to the first accepted document. Checked against the sources on 2026-11-22. */
export const egyptGuide: { readonly country: string; readonly name: string; readonly title: LocalizedText; readonly steps: readonly GuideStep[] } = {
  country: 'EG',
  name: 'egypt-eta',
  title: {
    ar: 'الفاتورة الإلكترونية في مصر',
    en: 'E-invoices in Egypt',
    bg: 'Електронни фактури в Египет',
  },
  steps: [
    {
      topic: 'portal',
      text: {
        ar: 'سجّل الشركة على بوابة الفاتورة الإلكترونية برقم التسجيل الضريبي وحساب المفوض.',
        en: 'Register the company on the e-invoicing portal with its tax registration number and the account of its representative.',
        bg: 'Регистрирайте фирмата в портала за електронни фактури с данъчния номер и профила на представителя.',
      },
      source: 'https://profile.eta.gov.eg',
    },
    {
      topic: 'portal',
      text: {
        ar: 'ابدأ ببيئة ما قبل الإنتاج: تحتاج إلى ممول مسجل، ولا توجد بيئة تجربة عامة.',
        en: 'Begin with the pre-production system: it needs a registered taxpayer, there is no public sandbox.',
        bg: 'Започнете с предпроизводствената система: нужен е регистриран данъкоплатец, публична пробна среда няма.',
      },
      source: 'https://sdk.invoicing.eta.gov.eg',
    },
    {
      topic: 'branches',
      text: {
        ar: 'يجب أن تطابق أرقام الفروع وعناوينها ما في ملف الممول على البوابة؛ الرقم ٠ للمركز الرئيسي.',
        en: 'Numbers and addresses of branches must be those of the taxpayer’s profile on the portal; 0 is the head office.',
        bg: 'Номерата и адресите на клоновете трябва да са като в профила на данъкоплатеца в портала; 0 е централата.',
      },
      source: 'https://sdk.invoicing.eta.gov.eg/documents/invoice-v1-0/',
    },
    {
      topic: 'activity',
      text: {
        ar: 'كود النشاط ٤ أرقام من جدول المصلحة، ويجب أن يكون مسجلاً للشركة.',
        en: 'The activity code has four digits of the authority’s table and must be registered for the company.',
        bg: 'Кодът на дейността е от четири цифри по таблицата на администрацията и трябва да е регистриран за фирмата.',
      },
      source: 'https://sdk.invoicing.eta.gov.eg/codes/activity-types/',
    },
    {
      topic: 'credentials',
      text: {
        ar: 'من البوابة: «ممثلو الممول» ثم «تسجيل نظام ERP». تعرض البوابة معرّف العميل ورمزين سريين مرة واحدة؛ الثاني احتياطي وقت تجديد الأول.',
        en: 'On the portal register an ERP system. It shows the client ID and two secrets once; the second serves while the first is renewed.',
        bg: 'В портала регистрирайте ERP система. Тя показва Client ID и два тайни ключа само веднъж; вторият служи, докато първият се подновява.',
      },
      source: 'https://sdk.invoicing.eta.gov.eg/api/',
    },
    {
      topic: 'key',
      text: {
        ar: 'احصل على شهادة توقيع من جهة مرخصة من هيئة تنمية صناعة تكنولوجيا المعلومات (مثل إيجيبت ترست أو مصر للمقاصة) تحمل VATEG ورقم التسجيل الضريبي، على توكن أو وحدة HSM.',
        en: 'Get a signing certificate of an authority licensed by ITIDA (Egypt Trust, MCDR and others) that carries VATEG and your registration number, on a token or an HSM.',
        bg: 'Вземете сертификат за подпис от доставчик с лиценз от ITIDA (Egypt Trust, MCDR и др.), който съдържа VATEG и вашия номер, на токен или HSM.',
      },
      source: 'Law 15/2004, Executive Regulations 109/2005 Art. 10; ITIDA, Digital Signature Format for E-Invoice System 1.1',
    },
    {
      topic: 'key',
      text: {
        ar: 'التوكن على مكتب الموظف: شغّل برنامج التوقيع على جهازه واربطه بالنظام؛ يُدخل الرقم السري هناك فقط.',
        en: 'A token on a desk: run the signing program on that PC and pair it; the PIN is entered there and nowhere else.',
        bg: 'Токен на бюро: стартирайте програмата за подписване на този компютър и я свържете; ПИН кодът се въвежда само там.',
      },
      source: 'Executive Regulations 109/2005 Art. 10',
    },
    {
      topic: 'signing',
      text: {
        ar: 'يوقّع الاختبار نصًا قصيرًا بصيغة المصلحة ثم يتحقق منه، ولا يُرسل شيئًا.',
        en: 'The test signs a short text in the authority’s form and checks the result; nothing is sent.',
        bg: 'Тестът подписва кратък текст във формата на администрацията и проверява резултата; нищо не се изпраща.',
      },
      source: 'ITIDA, Digital Signature Format for E-Invoice System 1.1',
    },
    {
      topic: 'codes',
      text: {
        ar: 'كل صنف يحتاج إلى كود GS1 أو كود EGS بالصيغة EG-رقم التسجيل-رقم الصنف، تعتمده المصلحة قبل استخدامه.',
        en: 'Each item needs a GS1 code, or an EGS code EG-<registration number>-<item> that the authority approves before it is used.',
        bg: 'Всеки артикул иска код GS1 или код EGS във вида EG-<номер>-<артикул>, одобрен от администрацията преди употреба.',
      },
      source: 'https://sdk.invoicing.eta.gov.eg/codes/',
    },
    {
      topic: 'limits',
      text: {
        ar: 'حدّ الفاتورة الذي يلزم عنده الرقم القومي للمشتري الفرد تضبطه المصلحة بنفسها، والمصادر المنشورة لا تتفق عليه: أدخل الرقم الذي أبلغتك به المصلحة واليوم الذي يسري منه.',
        en: 'The total from which a person must be named by national number is a parameter of the authority, and published sources disagree about it: enter the figure the authority gave you and the day it holds from.',
        bg: 'Сумата, от която физическо лице се посочва с национален номер, е параметър на администрацията и публикуваните източници си противоречат: въведете сумата, която администрацията ви е съобщила, и деня, от който важи.',
      },
      source: 'https://sdk.invoicing.eta.gov.eg',
    },
  ],
}
