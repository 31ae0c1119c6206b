import * as z from 'zod';
import { postJson } from '../api-client.ts';
import { useText } from '../language.tsx';
import { DepositLine } from './deposit-line.tsx';
import { choicesOf, type EntryField } from './entry-form.tsx';
import { LinkDeposit } from './link-deposit.tsx';
import { DERIVATIVE_KINDS, type Item } from './matter-answers.ts';
import { derivativeKindTexts, matterTexts } from './matter-texts.ts';
import { depositOf, type MatterView } from './matter-view.ts';

const FIELDS: readonly EntryField[] = [
  {
    name: 'kind',
    label: matterTexts.derivativeKind,
    kind: 'choice',
    choices: choicesOf(DERIVATIVE_KINDS, derivativeKindTexts),
  },
  {
    name: 'method',
    label: matterTexts.method,
    hint: matterTexts.methodHint,
    kind: 'lines',
    maxLength: 1000,
    required: true,
  },
];

/** What was made from an item's deposit, or what that was made from, and the way to link one more. */
export function Derivatives({ view, item, name }: { view: MatterView; item: Item; name: string }) {
  const t = useText();
  const { derivatives } = view.named;
  const original = derivatives.find((derivative) => derivative.depositId === item.depositId);
  const copies = derivatives.filter((derivative) => derivative.originalDepositId === item.depositId);
  return (
    <div className="within">
      {original !== undefined && (
        <p className="wrap-anywhere">
          {t(derivativeKindTexts[original.kind])}: {original.method}. {t(matterTexts.madeFrom)}:{' '}
          <DepositLine view={view} depositId={original.originalDepositId} />
        </p>
      )}
      {original === undefined && (
        <>
          <h4>{t(matterTexts.derivatives)}</h4>
          {copies.length === 0 && <p className="hint">{t(matterTexts.noDerivative)}</p>}
          <ul>
            {copies.map(({ depositId, kind, method }) => (
              <li key={depositId} className="wrap-anywhere" data-derivative={depositId}>
                {t(derivativeKindTexts[kind])}: <DepositLine view={view} depositId={depositId} />{' '}
                <span className="hint">
                  {t(matterTexts.method)}: {method} · {t(matterTexts.madeFrom)}:{' '}
                  {depositOf(view, item.depositId)?.title ?? name}
                </span>
              </li>
            ))}
          </ul>
          {view.mayEdit && item.depositId !== null && (
            <LinkDerivative view={view} originalDepositId={item.depositId} name={name} />
          )}
        </>
      )}
    </div>
  );
}

interface LinkDerivativeProps {
  view: MatterView;
  originalDepositId: string;
  name: string;
}

function LinkDerivative({ view, originalDepositId, name }: LinkDerivativeProps) {
  const t = useText();
  const { derivatives } = view.named;
  return (
    <LinkDeposit
      label={matterTexts.linkDerivative}
      about={name}
      lead={<p className="hint">{t(matterTexts.linkDerivativeLead)}</p>}
      fields={FIELDS}
      taken={new Set([originalDepositId, ...derivatives.flatMap((each) => [each.depositId, each.originalDepositId])])}
      send={async (said) => {
        await postJson(`/deposits/${originalDepositId}/derivatives`, said, z.unknown());
        await view.reload('items');
      }}
    />
  );
}
