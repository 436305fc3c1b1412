import type { ListedQuiet } from '../../model/listed-quiet.ts'
import type { DeviceReadings, ReadingStatus, Status } from '../shape.ts'
import { attend, endQuiet, signIn, silence } from './actions.ts'
import { drawChart, type Past } from './chart.ts'
import { readingKey } from './device.ts'
import { morph } from './dom.ts'
import { Feed } from './feed.ts'
import { news } from './model.ts'
import { operator } from './operate.ts'
import { page } from './shell.ts'
import { type Asked, type PastAlarm, type State, say, type View } from './state.ts'
import { type Language, word } from './words.ts'

const languageKey = 'siteward-language'
/** A chart that stays open is drawn anew so often. */
const chartLasts = 60_000

const loading = { state: 'loading' } as const

/** Keeps the state, draws it, and does what is pressed. */
class App {
  #state: State
  /** siteward's clock less this one. */
  #skew = 0
  #isDrawing = false
  #polledAt = ''
  readonly #charts = new Map<string, { readonly at: number; remove: () => void }>()

  constructor() {
    this.#state = {
      status: undefined,
      link: 'connecting',
      now: Date.now(),
      language: languageAtFirst(undefined),
      view: viewOf(location),
      filter: '',
      onlyTroubled: false,
      operator: operator.name,
      readings: loading,
      readingFilter: '',
      past: loading,
      pastSince: '7d',
      pastPage: 0,
      quiet: loading,
    }
  }

  start(): void {
    document.addEventListener('click', (event) => this.#clicked(event))
    document.addEventListener('input', (event) => this.#typed(event))
    document.addEventListener('toggle', (event) => this.#toggled(event), { capture: true })
    addEventListener('hashchange', () => this.#went())
    document.documentElement.classList.toggle('on-wall', this.#state.view.name === 'wall')
    this.#draw()
    this.#load()
    new Feed({
      told: (status, before) => this.#told(status, before),
      linked: (link) => {
        if (link !== this.#state.link) this.#set({ link })
      },
    }).start()
    setInterval(() => this.#draw(), 1000)
  }

  #set(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change }
    if (this.#isDrawing) return
    this.#isDrawing = true
    requestAnimationFrame(() => this.#draw())
    // A page in the background has no frames, but its title must tell.
    if (document.hidden) this.#draw()
  }

  #draw(): void {
    this.#isDrawing = false
    this.#state = { ...this.#state, now: Date.now() + this.#skew, operator: operator.name }
    document.documentElement.lang = this.#state.language === 'zh' ? 'zh-CN' : 'en'
    const old = document.getElementById('page')
    if (old !== null) morph(old, page(this.#state))
    const { status } = this.#state
    const count = status?.alarms.filter(({ state, held }) => state === 'firing' && held === null).length ?? 0
    document.title = `${count > 0 ? `(${count}) ` : ''}${status?.site.name ?? 'siteward'} – siteward`
    this.#drawCharts()
  }

  #told(status: Status, before: Status | undefined): void {
    // Another siteward serves another page.
    if (before !== undefined && before.site.version !== status.site.version) location.reload()
    this.#skew = Date.parse(status.at) - Date.now()
    const language = before === undefined ? languageAtFirst(status.site.language) : this.#state.language
    this.#set({ status, language })
    if (before !== undefined) this.#announce(before, status)
    const { view } = this.#state
    if (view.name === 'device') this.#readAgain(view.device, status)
  }

  /** A screen reader says what is new: at once where it is critical. */
  #announce(before: Status, after: Status): void {
    const { begun, over } = news(before, after)
    const { language } = this.#state
    const text = (alarms: typeof begun): string => alarms.map(({ summary }) => summary[language]).join('; ')
    const critical = begun.filter(({ severity }) => severity === 'critical')
    const others = begun.filter(({ severity }) => severity !== 'critical')
    if (critical.length > 0) tell('called', `${word('newAlarm', language)}: ${text(critical)}`)
    const said = [
      ...(others.length > 0 ? [`${word('newAlarm', language)}: ${text(others)}`] : []),
      ...(over.length > 0 ? [`${word('overAlarm', language)}: ${text(over)}`] : []),
    ]
    if (said.length > 0) tell('said', said.join('. '))
  }

  #went(): void {
    const view = viewOf(location)
    const isOther = JSON.stringify(view) !== JSON.stringify(this.#state.view)
    this.#set({
      view,
      ...(isOther ? { readings: loading, readingFilter: '', past: loading, pastPage: 0, quiet: loading } : {}),
    })
    if (!isOther) return
    scrollTo(0, 0)
    this.#draw()
    this.#load()
    document.getElementById('main')?.focus({ preventScroll: true })
  }

  /** Asks for what the view needs beyond the status. */
  #load(): void {
    const { view, pastSince } = this.#state
    switch (view.name) {
      case 'device':
        void this.#loadReadings(view.device)
        return
      case 'history':
        void this.#loadInto(
          'past',
          `/api/v1/alarms?since=${pastSince}`,
          (body: { alarms: readonly PastAlarm[] }) => body.alarms,
        )
        return
      case 'quiet':
        void this.#loadInto('quiet', '/api/v1/quiet', (body: { quiet: readonly ListedQuiet[] }) => body.quiet)
        return
      default:
        return
    }
  }

  async #loadInto<Body, Answer>(
    name: 'past' | 'quiet' | 'readings',
    path: string,
    answer: (body: Body) => Answer,
  ): Promise<void> {
    const { view } = this.#state
    const asked = await ask(path, answer)
    // Meanwhile somebody may have gone elsewhere.
    if (view === this.#state.view) this.#set({ [name]: asked })
  }

  async #loadReadings(device: string): Promise<void> {
    const path = `/api/v1/status/devices/${encodeURIComponent(device)}?find=${encodeURIComponent(this.#state.readingFilter)}`
    await this.#loadInto('readings', path, (body: DeviceReadings) => body)
  }

  /** Its readings are asked for again when it was polled again. */
  #readAgain(device: string, status: Status): void {
    const polled =
      status.devices
        .find(({ name }) => name === device)
        ?.probes.map(({ polled_at }) => polled_at)
        .join() ?? ''
    if (polled === this.#polledAt) return
    this.#polledAt = polled
    void this.#loadReadings(device)
  }

  #clicked(event: Event): void {
    const found = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-do]') : null
    if (found === null) return
    const { do: what = '', id = '', step = '', device = '', alarm = '', name = '', page: number = '0' } = found.dataset
    const reload = (isDone: boolean): void => {
      if (isDone) {
        tell('said', say(this.#state, 'done'))
        this.#load()
      }
      this.#draw()
    }
    switch (what) {
      case 'skip':
        event.preventDefault()
        document.getElementById('main')?.focus()
        return
      case 'language':
        this.#speak(this.#state.language === 'zh' ? 'en' : 'zh')
        return
      case 'sign-in':
        void signIn(this.#state).then(reload)
        return
      case 'sign-out':
        operator.signOut()
        this.#draw()
        return
      case 'attend':
        void attend(id, step, this.#state).then(reload)
        return
      case 'silence':
        void silence(device, alarm, this.#state).then(reload)
        return
      case 'end-quiet':
        void endQuiet(name, this.#state).then(reload)
        return
      case 'reload-history':
        this.#set({ past: loading })
        this.#load()
        return
      case 'page':
        this.#set({ pastPage: Number(number) })
        return
    }
  }

  #speak(language: Language): void {
    localStorage.setItem(languageKey, language)
    for (const { remove } of this.#charts.values()) remove()
    this.#charts.clear()
    this.#set({ language })
  }

  #typed({ target }: Event): void {
    if (!(target instanceof HTMLInputElement || target instanceof HTMLSelectElement)) return
    switch (target.dataset['input']) {
      case 'filter':
        this.#set({ filter: target.value })
        return
      case 'troubled':
        this.#set({ onlyTroubled: target instanceof HTMLInputElement && target.checked })
        return
      case 'reading':
        this.#set({ readingFilter: target.value })
        this.#load()
        return
      case 'since':
        this.#set({ pastSince: target.value, past: loading, pastPage: 0 })
        this.#load()
        return
    }
  }

  #toggled({ target }: Event): void {
    if (target instanceof HTMLDetailsElement && target.dataset['reading'] !== undefined) this.#drawCharts()
  }

  /** Each open reading has its chart; those that are closed or gone have none. */
  #drawCharts(): void {
    const { readings, view } = this.#state
    const shown = new Map<string, HTMLElement>()
    for (const details of document.querySelectorAll<HTMLDetailsElement>('details[data-reading][open]')) {
      const host = details.querySelector<HTMLElement>('[data-chart]')
      const key = details.dataset['reading']
      if (host !== null && key !== undefined) shown.set(key, host)
    }
    for (const [key, { remove, at }] of this.#charts) {
      if (shown.has(key) && Date.now() - at < chartLasts) continue
      if (!shown.has(key)) remove()
      this.#charts.delete(key)
    }
    if (readings.state !== 'there' || view.name !== 'device') return
    for (const [key, host] of shown) {
      if (this.#charts.has(key)) continue
      const reading = readings.answer.readings.find((one) => readingKey(one) === key)
      if (reading !== undefined) void this.#chart(key, host, reading, view.device)
    }
  }

  async #chart(key: string, host: HTMLElement, reading: ReadingStatus, device: string): Promise<void> {
    const entry = { at: Date.now(), remove: () => host.replaceChildren() }
    this.#charts.set(key, entry)
    if (host.childElementCount === 0) host.textContent = say(this.#state, 'chartLoading')
    const query = new URLSearchParams({ ...reading.labels, metric: reading.metric, device })
    const asked = await ask(`/api/v1/history?${query}`, (body: { series: readonly Past[] }) => body.series)
    if (this.#charts.get(key) !== entry || !host.isConnected) return
    if (asked.state !== 'there') {
      host.textContent = say(this.#state, 'chartFailed')
      return
    }
    const past = asked.answer.find(({ labels }) => isOf(labels, reading))
    if (past === undefined || past.points.length === 0) {
      host.textContent = say(this.#state, 'chartNone')
      return
    }
    entry.remove = this.#showChart(host, reading, past)
  }

  #showChart(host: HTMLElement, reading: ReadingStatus, past: Past): () => void {
    const { language, now, status } = this.#state
    return drawChart(host, reading, past, { language, now: now / 1000, timeZone: status?.site.time_zone ?? 'UTC' })
  }
}

/** The history has each label of a reading, and site and device beside. */
function isOf({ site: _site, device: _device, ...labels }: Past['labels'], reading: ReadingStatus): boolean {
  const names = Object.keys(labels)
  return (
    names.length === Object.keys(reading.labels).length && names.every((name) => labels[name] === reading.labels[name])
  )
}

async function ask<Body, Answer>(path: string, answer: (body: Body) => Answer): Promise<Asked<Answer>> {
  try {
    const response = await fetch(path, { cache: 'no-store' })
    if (!response.ok) return { state: 'failed', why: `${response.status} ${response.statusText}` }
    return { state: 'there', answer: answer((await response.json()) as Body) }
  } catch (error) {
    return { state: 'failed', why: error instanceof Error ? error.message : String(error) }
  }
}

/** Changing the text of a live region is what makes it heard. */
function tell(region: 'said' | 'called', text: string): void {
  const element = document.getElementById(region)
  if (element !== null) element.textContent = text
}

/** What the address asks for, what was chosen on this machine, what the site speaks, what the browser speaks. */
function languageAtFirst(ofSite: Language | undefined): Language {
  const asked = new URLSearchParams(location.search).get('lang') ?? localStorage.getItem(languageKey)
  if (asked === 'en' || asked === 'zh') return asked
  return ofSite ?? (navigator.language.startsWith('zh') ? 'zh' : 'en')
}

function viewOf({ pathname, hash }: Location): View {
  if (pathname === '/wall') return { name: 'wall' }
  const device = /^#\/device\/(.+)$/.exec(hash)?.[1]
  if (device !== undefined) return { name: 'device', device: decoded(device) }
  const name = hash.replace(/^#\//, '')
  return name === 'devices' || name === 'history' || name === 'quiet' ? { name } : { name: 'overview' }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

new App().start()
