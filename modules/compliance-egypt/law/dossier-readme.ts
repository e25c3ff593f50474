/** README of a dossier: what lies in it and how it is checked, Arabic first. */
export function dossierReadme(number: string, commands: readonly string[]): string {
  return `ملف فحص التوقيع الإلكتروني للمستند ${number}
القانون ١٥ لسنة ٢٠٠٤، اللائحة التنفيذية ١٠٩ لسنة ٢٠٠٥، المادة ٧

ابدأ بالتقرير report.pdf؛ وبياناته كاملة في report.json.

document.json
    المستند الذي فُحص، بايتًا بايتًا.
canonical.txt
    النص الذي وُقّع عليه، مستخرج من document.json وحده.
signature.p7s
    التوقيع (CMS بترميز DER) كما هو في document.json.
signature-value.bin
    قيمة التوقيع، وعليها تقع الأختام الزمنية.
certificates/
    شهادة الموقِّع signer.pem، وشهادات جهات الإصدار issuers.pem كما حملها المفتاح أو كما ثُبّتت لمصر، ثم كلٌّ منها
    في ملف وحده (issuer-1.pem وما بعده، وresponder-1.pem لمن يجيب عن الإلغاء).
    نجاح الأمر openssl cms -verify يعني أن السلسلة تنتهي إلى ما في هذا الملف لا غير:
    قارن بصمة الجذر ببصمة جذر «إيتيدا» كما تنشرها الهيئة قبل أن تعتمد عليه.
revocation/
    قوائم الإلغاء وردود OCSP كما أرسلتها جهاتها بايتًا بايتًا، محفوظة منذ التوقيع أو مطلوبة لهذا الملف، ومنها ما يثبت أن
    شهادة قد أُلغيت؛ وفي report.json بصمة كلٍّ منها وعن أي شهادة يتكلم. والملف المنتهي بـ .tst بجانبه ختم زمني على بايتاته.
time-stamps/
    أختام زمنية (RFC 3161) على signature-value.bin. وجذر جهة الختم يُقارن هو أيضًا بما تنشره.
evidence.json
    المفتاح وجهازه والتفويض ومن طلب التوقيع وهل حضره إنسان، وإصدارات البرامج التي وقّعت.
event-log.json
    أحداث هذا المستند؛ وبصمة كل حدث هي SHA-256 لبصمة ما قبله متبوعة بالحدث بصيغة JSON القياسية (RFC 8785).
log-stamps/
    أختام زمنية على رأس سجل الأحداث بعد التوقيع. وما بينهما أحداث مستندات أخرى وليست هنا: أن السلسلة تصل من هذا
    المستند إلى ذلك الرأس حسبه النظام المُصدِر نفسه، ونتيجته في report.json.
report.json
    ما ثبت وما لم يثبت وما نُقض، مادة مادة، وموضع الدليل.

كل ملف غير موجود هنا تعذّر الحصول عليه؛ وسببه في report.json. والأوامر في آخر هذه الصفحة تفحص كل شيء بغير برامجنا.

Examination dossier of the electronic signature of document ${number}
Law 15/2004, Executive Regulations 109/2005, Art. 7

Begin with report.pdf; everything in it is in report.json.

document.json         the document, byte for byte as it was examined
canonical.txt         the text under the signature, made of document.json alone
signature.p7s         the signature (CMS, DER), taken out of document.json
signature-value.bin   its value: what time stamps are over
certificates/         signer.pem; issuers.pem, as the key had them or as they are pinned for Egypt. That openssl cms -verify
                      succeeds means that the chain ends in what this file holds and no more: compare the fingerprint of the
                      root with the one ITIDA publishes before you rely on it. Each of them lies in a file of its own too
                      (issuer-1.pem and on; responder-1.pem for one who answers about revocation).
revocation/           lists and OCSP answers byte for byte as their authorities sent them, kept since the signature or got for
                      this dossier, those that prove a revocation among them; report.json has the digest of each and says of
                      which certificate it speaks. A file ending in .tst beside one is a time stamp over its bytes
time-stamps/          tokens (RFC 3161) over signature-value.bin; compare the roots of their authorities in the same way
evidence.json         key, device, mandate, who asked, whether somebody was there, versions of the software that signed
event-log.json        events of this document; each hash is SHA-256(previous hash || event as canonical JSON, RFC 8785)
log-stamps/           tokens over a head of that log after the signing. The events between are other people's and not here: that
                      the chain leads from this document to that head the issuing house computed, and report.json says the result.
                      The file of heads ("anchor") lies outside the database but on the machine of that house.
report.json           what is shown, not shown and contradicted, article by article, and where the proof lies

A file that is not here could not be had; report.json says why.

Commands, to be run in this folder. A line that ends with an error shows that what it checks does not hold:

${commands.map((line) => `  ${line}`).join('\n')}
`
}
