import assert from 'node:assert/strict'
import { usageError } from '../usage-errors.js'

describe('a mistake in a command line', () => {
  it('is told in the language of --lang, wherever it stands', () => {
    assert.equal(usageError("error: unknown command 'isue'\n", ['isue', '--lang', 'ar']), 'خطأ: الأمر «isue» غير معروف.\n')
    assert.equal(usageError("error: unknown option '--x'\n", ['--lang=bg', 'check', '--x']), 'Грешка: непозната опция „--x“.\n')
    assert.equal(
      usageError("error: required option '--rules <set>' not specified\n", ['check', 'a.xml', '--lang', 'ar']),
      'خطأ: الخيار المطلوب «--rules <set>» ناقص.\n',
    )
  })

  it('of another wording is told as it is, never left out', () => {
    assert.equal(usageError('error: something new\n', ['--lang', 'ar']), 'error: something new\n')
  })
})
