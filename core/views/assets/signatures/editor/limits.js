import { t } from './dom.js'
import { choice, number, pair, text } from './controls.js'

const patterns = ['digits', 'letters', 'iban', 'national-id-sa', 'national-id-eg', 'egn-bg', 'civil-id-kw', 'url']

/** What may be typed into a field, by its type; undefined where there is nothing to limit. */
export function limits(field, setter, fold) {
  const { type, validation: now } = field
  const message = text('message', now.message, setter('message'), { maxlength: 200 })
  if (type === 'number') {
    return fold(
      'property.validation',
      pair(
        text('minimum', now.minimum, setter('minimum'), { inputmode: 'decimal', dir: 'ltr' }),
        text('maximum', now.maximum, setter('maximum'), { inputmode: 'decimal', dir: 'ltr' }),
      ),
      number('decimals', now.decimals, setter('decimals'), { min: 0, max: 9, step: 1 }),
      message,
    )
  }
  if (type === 'date')
    return fold(
      'property.validation',
      pair(
        text('minimum', now.minimum, setter('minimum'), { type: 'date' }),
        text('maximum', now.maximum, setter('maximum'), { type: 'date' }),
      ),
      message,
    )
  if (type !== 'text' && type !== 'multiline') return undefined
  return fold(
    'property.validation',
    pair(
      number('minimumLength', now.minimumLength, setter('minimumLength'), { min: 0, max: 5000, step: 1 }),
      number('maximumLength', now.maximumLength, setter('maximumLength'), { min: 1, max: 5000, step: 1 }),
    ),
    type === 'text'
      ? choice(
          'pattern',
          now.pattern ?? '',
          [['', t('pattern.none')], ...patterns.map((one) => [one, t(`pattern.${one}`)])],
          setter('pattern'),
        )
      : undefined,
    message,
  )
}
