import type { Span } from '../model/calendar.ts'
import type { MonthDay, Recurrence } from '../model/duty.ts'
import type { Language, Text } from '../model/metric.ts'

const spanTexts: Readonly<Record<Span, Text>> = {
  day: { en: 'each day', zh: '每日' },
  week: { en: 'each week', zh: '每周' },
  xun: { en: 'each ten days (xun)', zh: '每旬' },
  month: { en: 'each month', zh: '每月' },
  quarter: { en: 'each quarter', zh: '每季度' },
  half_year: { en: 'each half year', zh: '每半年' },
  year: { en: 'each year', zh: '每年' },
}

const weekdays = {
  en: ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'],
  zh: ['星期一', '星期二', '星期三', '星期四', '星期五', '星期六', '星期日'],
} as const

const ordinals = { en: ['first', 'second', 'third', 'fourth', 'fifth'], zh: ['一', '二', '三', '四', '五'] } as const

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

/** Pure: when a duty is due, for people. */
export function recurrenceText(recurrence: Recurrence, language: Language): string {
  switch (recurrence.kind) {
    case 'span':
      return spanTexts[recurrence.span][language]
    case 'days':
      return {
        en: recurrence.days === 1 ? 'a day after the last time' : `every ${recurrence.days} days`,
        zh: `每${recurrence.days}天`,
      }[language]
    case 'weekdays': {
      const names = recurrence.weekdays.map((day) => weekdays[language][day - 1] ?? '')
      return { en: `each ${joined(names, 'en')}`, zh: `每${joined(names, 'zh')}` }[language]
    }
    case 'month_days': {
      const days = joined(
        recurrence.days.map((day) => dayText(day, language)),
        language,
      )
      const named = recurrence.months
      const en =
        named.length === 0
          ? 'each month'
          : joined(
              named.map((month) => months[month - 1] ?? ''),
              'en',
            )
      const zh = named.length === 0 ? '每月' : `每年${named.join('、')}月`
      return { en: `${days} of ${en}`, zh: `${zh}${days}` }[language]
    }
  }
}

function dayText(day: MonthDay, language: Language): string {
  if (day.kind === 'day') {
    if (day.day === -1) return { en: 'last day', zh: '最后一日' }[language]
    if (day.day < 0) return { en: `${ordinalNumber(-day.day)} last day`, zh: `倒数第${-day.day}日` }[language]
    return { en: ordinalNumber(day.day), zh: `${day.day}日` }[language]
  }
  const name = weekdays[language][day.weekday - 1] ?? ''
  if (day.nth < 0) return { en: `last ${name}`, zh: `最后一个${name}` }[language]
  const nth = ordinals[language][day.nth - 1] ?? ''
  return { en: `${nth} ${name}`, zh: `第${nth}个${name}` }[language]
}

function ordinalNumber(n: number): string {
  const teen = n % 100 > 10 && n % 100 < 14
  return `${n}${teen ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')}`
}

function joined(all: readonly string[], language: Language): string {
  if (language === 'zh') return all.join('、')
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`
}
