import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../src/model/clock.ts'
import type { Listed } from '../../src/record/listing.ts'
import { hostile, readToken, token, WatchedRoom } from '../status/watched-room.ts'
import { describeWith, peer } from './peer.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** A machine under load takes its time. */
const patience = 60_000
const views = ['#/', '#/devices', '#/device/room', '#/device/switch-1', '#/history', '#/quiet'] as const
const phone = { width: 360, height: 740 }

describeWith(['chromium'], 'the status page in a real browser', () => {
  let browser: Browser
  let room: WatchedRoom
  let context: BrowserContext
  let page: Page
  /** What the browser complains of: errors, and all that the page's policy forbids. */
  let complaints: string[]

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: peer('chromium') ?? '', args: ['--no-sandbox'] })
  }, patience)

  beforeEach(async () => {
    room = new WatchedRoom(systemClock)
    await room.start()
    await open({})
  }, patience)

  afterEach(async () => {
    await context.close()
    await room.stop()
  }, patience)

  afterAll(() => browser.close(), patience)

  /** Opens the page anew, as a browser with these properties does. */
  async function open(options: Parameters<Browser['newContext']>[0], path = '/?lang=en'): Promise<void> {
    await context?.close()
    context = await browser.newContext({ reducedMotion: 'reduce', ...options })
    context.setDefaultTimeout(patience)
    page = await context.newPage()
    complaints = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      // That an operation was refused is what some tests are about.
      const isRefusal = message.text().startsWith('Failed to load resource')
      if (message.type() === 'error' && !isRefusal) complaints.push(message.text())
    })
    await page.goto(`${room.url}${path}`)
    await page.locator('.link.live').waitFor()
  }

  async function heat(): Promise<void> {
    room.values.set('room_temperature_celsius', 33.4)
    await page.getByRole('heading', { name: 'The room at room has 33.4 °C (limit 15 °C to 32 °C)' }).waitFor()
  }

  async function signIn(typed: string): Promise<void> {
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel("Operator's token").fill(typed)
    await dialog.getByRole('button', { name: 'Sign in' }).click()
  }

  async function recorded(): Promise<readonly Listed[]> {
    const answer = (await (await fetch(`${room.url}/api/v1/alarms`)).json()) as { alarms: readonly Listed[] }
    return answer.alarms
  }

  test('a firing alarm appears by itself, is called out, and goes when it is over', { timeout: patience }, async () => {
    await page.getByText('No alarm is firing.').waitFor()
    await heat()
    expect(await page.title()).toMatch(/^\(\d+\) county-hospital/)
    await expect.poll(() => page.getByRole('alert').first().textContent(), { timeout: patience }).toContain('33.4 °C')
    const first = page.locator('main section').first()
    expect(await first.getAttribute('aria-labelledby')).toBe('firing')
    expect(await page.locator('.banner').textContent()).toContain('critical')
    room.values.delete('room_temperature_celsius')
    await page.getByText('No alarm is firing.').waitFor()
    expect(complaints).toEqual([])
  })

  test('nobody acknowledges without a token that may operate', { timeout: 2 * patience }, async () => {
    await heat()
    const acknowledge = page.getByRole('button', { name: 'Acknowledge' }).first()
    await acknowledge.click()
    await signIn('a-token-that-is-none')
    await page.getByText('siteward does not know this token.').waitFor()
    await signIn(readToken)
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Your name').fill('wang')
    await dialog.getByRole('button', { name: 'Confirm' }).click()
    await dialog.getByText('wall-screen may read, but not operate').waitFor()
    await page.keyboard.press('Escape')
    expect((await recorded()).flatMap(({ taken }) => taken ?? [])).toEqual([])
    expect(await page.getByText('Acknowledged').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  test('whoever shows a token acknowledges, and it is on record', { timeout: 2 * patience }, async () => {
    await heat()
    await page.getByRole('button', { name: 'Acknowledge' }).first().click()
    await signIn(token)
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Your name').fill('wang')
    await dialog.getByLabel('Note').fill(hostile)
    await dialog.getByRole('button', { name: 'Confirm' }).click()
    await page.locator('.alarm .step', { hasText: 'wang' }).waitFor()
    const taken = (await recorded()).flatMap(({ taken }) => (taken === null ? [] : [taken.by]))
    expect(taken).toEqual(['wang'])
    // The token stays in this tab: not in a cookie, not where another tab or a restart would find it.
    const kept = await page.evaluate('[document.cookie, JSON.stringify({ ...localStorage })].join()')
    expect(kept).not.toContain(token)
    await page.getByRole('button', { name: /^Sign out/ }).click()
    await page.getByRole('button', { name: 'On site' }).first().click()
    await page.getByRole('dialog').getByLabel("Operator's token").waitFor()
    expect(complaints).toEqual([])
  })

  test('a quiet time is declared, shown and ended', { timeout: 2 * patience }, async () => {
    await page.goto(`${room.url}/?lang=en#/device/crac-1`)
    await page.getByRole('button', { name: 'Quiet time …' }).click()
    await signIn(token)
    const dialog = page.getByRole('dialog')
    expect(await dialog.getByLabel('Device').inputValue()).toBe('crac-1')
    await dialog.getByLabel('For how long').selectOption('30m')
    await dialog.getByLabel('Your name').fill('li')
    await dialog.getByRole('button', { name: 'Confirm' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'Quiet times' }).click()
    const window = page.locator('.quiet', { hasText: 'crac-1' })
    await window.getByText('active').waitFor()
    await window.getByRole('button', { name: 'End it' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Confirm' }).click()
    await page.getByText('No quiet time is declared.').waitFor()
    expect(complaints).toEqual([])
  })

  test('everything is done with the keyboard', { timeout: 2 * patience }, async () => {
    await heat()
    await page.keyboard.press('Tab')
    expect(await page.locator(':focus').textContent()).toBe('Skip to the content')
    await page.keyboard.press('Enter')
    expect(await page.locator(':focus').getAttribute('id')).toBe('main')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    expect(await page.locator(':focus').textContent()).toBe('Acknowledge')
    // Alarms and seconds go on meanwhile: the focus stays where it is.
    await page.waitForTimeout(2500)
    expect(await page.locator(':focus').textContent()).toBe('Acknowledge')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.type(token)
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByLabel('Your name').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'Devices', exact: true }).first().focus()
    await page.keyboard.press('Enter')
    await page.getByLabel('Find a device').focus()
    await page.keyboard.type('crac')
    await expect
      .poll(() => page.locator('tbody .device-link').allTextContents(), { timeout: patience })
      .toEqual(['crac-1'])
    expect(complaints).toEqual([])
  })

  test('English and Chinese, as the site, the address or the reader says', { timeout: patience }, async () => {
    await open({}, '/')
    await page.getByRole('heading', { name: /^当前告警 \d/ }).waitFor()
    expect(await page.evaluate('document.documentElement.lang')).toBe('zh-CN')
    await page.getByRole('button', { name: 'English' }).click()
    await page.getByRole('heading', { name: 'Firing alarms' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Firing alarms' }).waitFor()
    expect(await page.evaluate('document.documentElement.lang')).toBe('en')
    await page.goto(`${room.url}/?lang=zh#/device/room`)
    await page.getByText('机房温度').first().waitFor()
    await page.getByText('警告): 20 °C 至 28 °C').waitFor()
  })

  test('on a phone at night nothing is wider than the screen', { timeout: 2 * patience }, async () => {
    await open({ viewport: phone, colorScheme: 'dark', hasTouch: true, isMobile: true })
    await heat()
    for (const view of views) {
      await page.goto(`${room.url}/?lang=zh${view}`)
      await page.locator('main h1').first().waitFor()
      expect(await page.evaluate('document.documentElement.scrollWidth'), view).toBeLessThanOrEqual(phone.width)
    }
    const ground = await page.evaluate('getComputedStyle(document.documentElement).backgroundColor')
    expect(ground).toBe('rgb(13, 18, 23)')
    const nav = await page.locator('nav').boundingBox()
    expect(Math.round((nav?.y ?? 0) + (nav?.height ?? 0))).toBe(phone.height)
  })

  test.each(['light', 'dark'] as const)(
    'the %s page is accessible (axe-core, WCAG 2.1 AA)',
    { timeout: 3 * patience },
    async (colorScheme) => {
      await open({ colorScheme })
      await heat()
      room.silent.set('ups-1', 'no answer')
      for (const view of [...views, '/wall'] as const) {
        await page.goto(view === '/wall' ? `${room.url}/wall?lang=en` : `${room.url}/?lang=en${view}`)
        await page.locator('main h1').first().waitFor()
        if (view === '#/device/room') await page.locator('.chart canvas').first().waitFor()
        expect(await violations(), view).toEqual([])
      }
      await page.goto(`${room.url}/?lang=en#/`)
      await page.getByRole('button', { name: 'Sign in' }).click()
      expect(await violations(), 'dialog').toEqual([])
    },
  )

  async function violations(): Promise<readonly string[]> {
    await page.evaluate(axe)
    const run = "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] })"
    const found = (await page.evaluate(run)) as AxeResults
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
    )
  }

  test('what devices and people say is text, whatever it says', { timeout: 2 * patience }, async () => {
    room.silent.set('ups-1', hostile)
    await open({}, '/?lang=en#/devices')
    await page.getByText(hostile, { exact: false }).first().waitFor()
    for (const view of [
      '#/device/ups-1',
      '#/device/switch-1',
      `#/device/${encodeURIComponent(hostile)}`,
      '#/',
      '#/history',
    ]) {
      await page.goto(`${room.url}/?lang=en${view}`)
      await page.locator('main h1').first().waitFor()
    }
    await page.goto(`${room.url}/?lang=en#/device/switch-1`)
    await page.getByLabel('Find a reading').fill('onerror')
    await page.locator('.reading-name', { hasText: hostile }).first().waitFor()
    await page.locator('.reading > summary').first().click()
    await page.locator('.chart canvas').first().waitFor()
    expect(await page.locator('img, #page script, b b, .place b').count()).toBe(0)
    expect(await page.title()).not.toContain('owned')
    expect(complaints).toEqual([])
  })

  test('a reading has its last day as a chart, with its limits', { timeout: 2 * patience }, async () => {
    await page.goto(`${room.url}/?lang=en#/device/room`)
    await page.locator('.chart canvas').first().waitFor()
    const limits = await page.locator('.reading').first().locator('.limit').allTextContents()
    expect(limits).toEqual(['RoomTemperature (warning): 20 °C to 28 °C', 'RoomTemperature (critical): 15 °C to 32 °C'])
    expect(await page.locator('.chart [role=img]').first().getAttribute('aria-label')).toMatch(
      /lowest 22 °C, highest 22 °C, newest 22 °C/,
    )
    const drawn = { hasLine: true, warning: 2, critical: 2 }
    const look = () => page.locator('.chart canvas').first().evaluate(coloursOf)
    await expect.poll(look, { timeout: patience }).toEqual(drawn)
    expect(complaints).toEqual([])
  })

  test('the wall says when what it shows is old, and goes on when siteward is back', {
    timeout: 3 * patience,
  }, async () => {
    await context.close()
    context = await browser.newContext({ viewport: { width: 1920, height: 1080 } })
    page = await context.newPage()
    await page.clock.install()
    await page.goto(`${room.url}/wall?lang=zh`)
    await page.clock.runFor(1000)
    await page.locator('.link.live').waitFor({ timeout: patience })
    await page.getByRole('heading', { name: /^当前告警 \d/ }).waitFor()
    const { url } = room
    await room.stop()
    await page.clock.runFor(40_000)
    await page.getByText('与 siteward 的连接中断：显示的是旧数据。').waitFor({ timeout: patience })
    expect(await page.evaluate('getComputedStyle(document.querySelector("main")).opacity')).not.toBe('1')
    room = new WatchedRoom(systemClock)
    await room.start(Number(new URL(url).port))
    await page.clock.runFor(40_000)
    await page.locator('.link.live').waitFor({ timeout: patience })
    expect(await page.locator('.page').getAttribute('class')).not.toContain('old')
  })
})

/** As much of a canvas and its page as is asked here: the browser's own types are not those of this program. */
interface Canvas {
  readonly width: number
  readonly height: number
  getContext(kind: '2d'): {
    getImageData(x: number, y: number, w: number, h: number): { readonly data: Uint8ClampedArray }
  }
}

/** Runs in the browser. What a chart's picture has: a line of readings, and in how many rows the dashes of limits stand. */
function coloursOf(element: unknown) {
  const canvas = element as Canvas
  const page = globalThis as unknown as { getComputedStyle(of: Canvas): { getPropertyValue(name: string): string } }
  const style = page.getComputedStyle(canvas)
  const { width, height } = canvas
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height)
  const rowsWith = (name: string): readonly number[] => {
    const hex = style.getPropertyValue(name).trim().slice(1)
    const colour = [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))
    const isThere = (at: number): boolean =>
      (data[at + 3] ?? 0) > 100 && colour.every((part, i) => Math.abs((data[at + i] ?? 0) - part) < 24)
    return Array.from({ length: height }, (_, y) => y).filter((y) =>
      Array.from({ length: width }, (_, x) => (y * width + x) * 4).some(isThere),
    )
  }
  const lines = (name: string): number => {
    const rows = rowsWith(name)
    return rows.filter((row, i) => i === 0 || row - (rows[i - 1] ?? 0) > 3).length
  }
  return { hasLine: rowsWith('--chart').length > 0, warning: lines('--warning'), critical: lines('--critical') }
}
