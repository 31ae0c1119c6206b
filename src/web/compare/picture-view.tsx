import { Button } from 'antd';
import {
  type CSSProperties,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  useEffect,
  useId,
  useState,
} from 'react';
import { useText } from '../language.tsx';
import { type Text, texts } from '../texts.ts';
import { compareTexts } from './compare-texts.ts';

/** A picture to look at; `address` is one that an `img` can load. */
export interface Shown {
  label: Text;
  name: string;
  address: string;
}

const MODES = ['side', 'overlay', 'difference', 'blink'] as const;
type Mode = (typeof MODES)[number];

/** How both pictures are looked at: `x` and `y` move them, in per cent of the pane. */
interface View {
  zoom: number;
  x: number;
  y: number;
}
const FIT: View = { zoom: 1, x: 0, y: 0 };
const MAX_ZOOM = 8;
const STEP = 1.5;
/** Per cent of the pane that one press moves. */
const MOVE = 15;
/** Well below three changes a second, which could harm. */
const BLINK_MS = 1000;

/** Never so far that a picture leaves its pane. */
function within({ zoom, x, y }: View): View {
  const scale = Math.min(MAX_ZOOM, Math.max(1, zoom));
  const most = (50 * (scale - 1)) as number;
  const bound = (value: number) => Math.min(most, Math.max(-most, value));
  return { zoom: scale, x: bound(x), y: bound(y) };
}

/** Two pictures side by side or on top of each other, zoomed and moved together. */
export function PictureView({ original, suspect }: { original: Shown; suspect: Shown }) {
  const t = useText();
  const id = useId();
  const [mode, setMode] = useState<Mode>('side');
  const [view, setView] = useState<View>(FIT);
  const [opacity, setOpacity] = useState(50);
  const change = (next: (view: View) => View) => setView((now) => within(next(now)));
  const pane = { view, onChange: change };
  return (
    <div className="compare-view no-print">
      <fieldset className="compare-modes">
        <legend>{t(compareTexts.mode)}</legend>
        {MODES.map((each) => (
          <label key={each}>
            <input type="radio" name={`${id}-mode`} checked={mode === each} onChange={() => setMode(each)} />{' '}
            {t(compareTexts[each])}
          </label>
        ))}
      </fieldset>
      <ViewButtons view={view} onChange={change} />
      {mode === 'side' && (
        <div className="compare-sides" data-mode="side">
          {[original, suspect].map((shown) => (
            <figure key={shown.label.en}>
              <figcaption>
                <strong>{t(shown.label)}</strong> · <bdi className="wrap-anywhere">{shown.name}</bdi>
              </figcaption>
              <Pane {...pane} label={`${t(shown.label)} ${shown.name}`}>
                <Picture shown={shown} view={view} />
              </Pane>
            </figure>
          ))}
        </div>
      )}
      {mode === 'overlay' && (
        <>
          <p>
            <label htmlFor={`${id}-opacity`}>{t(compareTexts.opacity)}</label>{' '}
            <input
              id={`${id}-opacity`}
              type="range"
              min={0}
              max={100}
              step={5}
              value={opacity}
              onChange={(event) => setOpacity(Number(event.target.value))}
            />{' '}
            <output htmlFor={`${id}-opacity`}>{opacity} %</output>
          </p>
          <Stack
            {...pane}
            mode={mode}
            original={original}
            suspect={suspect}
            suspectStyle={{ opacity: opacity / 100 }}
          />
        </>
      )}
      {mode === 'difference' && (
        <>
          <p className="hint">{t(compareTexts.differenceHint)}</p>
          <Stack
            {...pane}
            mode={mode}
            original={original}
            suspect={suspect}
            suspectStyle={{ mixBlendMode: 'difference' }}
          />
        </>
      )}
      {mode === 'blink' && <Blink {...pane} original={original} suspect={suspect} />}
      <p className="hint">{t(compareTexts.keys)}</p>
    </div>
  );
}

interface ViewProps {
  view: View;
  onChange: (next: (view: View) => View) => void;
}

function ViewButtons({ view, onChange }: ViewProps) {
  const t = useText();
  const isFit = view.zoom === 1;
  const move = (x: number, y: number) => () => onChange((now) => ({ ...now, x: now.x + x, y: now.y + y }));
  return (
    <fieldset className="compare-buttons">
      <legend>{t(compareTexts.zoom)}</legend>
      <div className="buttons">
        <Button disabled={view.zoom >= MAX_ZOOM} onClick={() => onChange((now) => ({ ...now, zoom: now.zoom * STEP }))}>
          {t(compareTexts.zoomIn)}
        </Button>
        <Button disabled={isFit} onClick={() => onChange((now) => ({ ...now, zoom: now.zoom / STEP }))}>
          {t(compareTexts.zoomOut)}
        </Button>
        <Button disabled={isFit} onClick={() => onChange(() => FIT)}>
          {t(compareTexts.fit)}
        </Button>
        <Button disabled={isFit} onClick={move(MOVE, 0)}>
          {t(compareTexts.left)}
        </Button>
        <Button disabled={isFit} onClick={move(-MOVE, 0)}>
          {t(compareTexts.right)}
        </Button>
        <Button disabled={isFit} onClick={move(0, MOVE)}>
          {t(compareTexts.up)}
        </Button>
        <Button disabled={isFit} onClick={move(0, -MOVE)}>
          {t(compareTexts.down)}
        </Button>
        <output>{Math.round(view.zoom * 100)} %</output>
      </div>
    </fieldset>
  );
}

/** Keys as the pictures' hint says them; the arrows are the page's own until there is something to move. */
function keyed({ key }: KeyboardEvent, isFit: boolean): ((view: View) => View) | undefined {
  if (key === '+' || key === '=') return (view) => ({ ...view, zoom: view.zoom * STEP });
  if (key === '-') return (view) => ({ ...view, zoom: view.zoom / STEP });
  if (key === '0') return () => FIT;
  if (isFit) return undefined;
  if (key === 'ArrowLeft') return (view) => ({ ...view, x: view.x + MOVE });
  if (key === 'ArrowRight') return (view) => ({ ...view, x: view.x - MOVE });
  if (key === 'ArrowUp') return (view) => ({ ...view, y: view.y + MOVE });
  if (key === 'ArrowDown') return (view) => ({ ...view, y: view.y - MOVE });
  return undefined;
}

function Pane({ view, onChange, label, children }: ViewProps & { label: string; children: ReactNode }) {
  const isFit = view.zoom === 1;
  const drag = (event: PointerEvent<HTMLElement>) => {
    if (isFit || event.buttons !== 1) return;
    const { width, height } = event.currentTarget.getBoundingClientRect();
    const { movementX, movementY } = event;
    onChange((now) => ({ ...now, x: now.x + (movementX / width) * 100, y: now.y + (movementY / height) * 100 }));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div
      className={isFit ? 'compare-pane' : 'compare-pane compare-pane-zoomed'}
      role="group"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes keys, as the buttons above do
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const next = keyed(event, isFit);
        if (next === undefined) return;
        event.preventDefault();
        onChange(next);
      }}
      onPointerDown={(event) => !isFit && event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
    >
      {children}
    </div>
  );
}

function Picture({ shown, view, style }: { shown: Shown; view: View; style?: CSSProperties | undefined }) {
  const t = useText();
  const { zoom, x, y } = view;
  return (
    <img
      src={shown.address}
      alt={`${t(texts.filePreview)} ${shown.name}`}
      draggable={false}
      style={{ ...style, transform: `translate(${x}%, ${y}%) scale(${zoom})` }}
    />
  );
}

interface StackProps extends ViewProps {
  mode: Mode;
  original: Shown;
  suspect: Shown;
  suspectStyle: CSSProperties;
}

function Stack({ mode, original, suspect, suspectStyle, ...pane }: StackProps) {
  const t = useText();
  return (
    <figure data-mode={mode}>
      <figcaption className="hint">
        {t(original.label)}: <bdi className="wrap-anywhere">{original.name}</bdi> · {t(suspect.label)}:{' '}
        <bdi className="wrap-anywhere">{suspect.name}</bdi>
      </figcaption>
      <Pane {...pane} label={`${t(compareTexts[mode])}: ${original.name}, ${suspect.name}`}>
        <Picture shown={original} view={pane.view} />
        <Picture shown={suspect} view={pane.view} style={suspectStyle} />
      </Pane>
    </figure>
  );
}

function Blink({ original, suspect, ...pane }: ViewProps & { original: Shown; suspect: Shown }) {
  const t = useText();
  const [isSuspect, setIsSuspect] = useState(false);
  const [runs, setRuns] = useState(() => !matchMedia('(prefers-reduced-motion: reduce)').matches);
  useEffect(() => {
    if (!runs) return;
    const timer = setInterval(() => setIsSuspect((now) => !now), BLINK_MS);
    return () => clearInterval(timer);
  }, [runs]);
  const shown = isSuspect ? suspect : original;
  return (
    <>
      <div className="buttons">
        <Button onClick={() => setRuns(!runs)}>{t(runs ? compareTexts.blinkStop : compareTexts.blinkStart)}</Button>
        <Button
          onClick={() => {
            setRuns(false);
            setIsSuspect(!isSuspect);
          }}
        >
          {t(compareTexts.blinkOther)}
        </Button>
        <span>
          {t(compareTexts.blinkShows)} <strong>{t(shown.label)}</strong>
        </span>
      </div>
      <Stack
        {...pane}
        mode="blink"
        original={original}
        suspect={suspect}
        suspectStyle={{ visibility: isSuspect ? 'visible' : 'hidden' }}
      />
    </>
  );
}
