import type { ReadingStatus } from '../shape.ts'
import type { Language } from './words.ts'

/** Pure: `229 / 230 / 231 V`, the unit once where it is the same. */
export function valuesText(readings: readonly Pick<ReadingStatus, 'words' | 'kind'>[], language: Language): string {
  const texts = readings.map(({ words, kind }) => (kind === 'state' ? words[language] : roundedText(words[language])))
  const parts = texts.map((text) => /^(-?[\d.]+) (.+)$/.exec(text) ?? [])
  const unit = parts[0]?.[2]
  const isShared = texts.length > 1 && unit !== undefined && parts.every((part) => part[2] === unit)
  return isShared ? `${parts.map((part) => part[1]).join(' / ')} ${unit}` : texts.join(' / ')
}

/** Pure: a number as it is read at a glance, without what nobody can see from afar: `17.1 °C` for `17.146 °C`. */
export function roundedText(text: string): string {
  return text.replace(/^-?\d+\.\d+/, (number) => {
    const value = Number(number)
    const size = Math.abs(value)
    return String(Number(size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toPrecision(2)))
  })
}
