import { Button } from 'antd';
import { useState } from 'react';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { Row } from '../report-parts.tsx';
import { useRoute } from '../route.tsx';
import { useFocusAfter } from '../use-focus-after.ts';
import { AskOnce } from './ask-once.tsx';
import { choicesOf, type EntryField, EntryForm, type Versioned } from './entry-form.tsx';
import { CONFIDENTIALITIES, DISPUTES, type Matter } from './matter-answers.ts';
import { changeMatter, removeMatter } from './matter-client.ts';
import {
  confidentialityMeanings,
  confidentialityTexts,
  disputeTexts,
  matterTexts,
  statusMeanings,
  statusTexts,
} from './matter-texts.ts';
import type { MatterView } from './matter-view.ts';

export const TITLE_FIELD: EntryField = {
  name: 'title',
  label: matterTexts.title,
  hint: matterTexts.titleHint,
  kind: 'line',
  maxLength: 200,
  required: true,
};
export const DISPUTE_FIELD: EntryField = {
  name: 'dispute',
  label: matterTexts.dispute,
  kind: 'choice',
  choices: choicesOf(DISPUTES, disputeTexts),
};
export const SUMMARY_FIELD: EntryField = {
  name: 'summary',
  label: matterTexts.summary,
  hint: matterTexts.summaryHint,
  kind: 'lines',
  maxLength: 10_000,
};
const HOLD_FIELDS: readonly EntryField[] = [
  {
    name: 'legalHold',
    label: matterTexts.legalHold,
    kind: 'yes-no',
    choices: [
      { value: 'no', text: matterTexts.holdOffShort },
      { value: 'yes', text: matterTexts.holdOnShort },
    ],
  },
  { name: 'legalHoldReason', label: matterTexts.holdReason, kind: 'line', maxLength: 1000 },
];
export const HEAD_FIELDS: readonly EntryField[] = [
  TITLE_FIELD,
  DISPUTE_FIELD,
  {
    name: 'confidentiality',
    label: matterTexts.confidentiality,
    kind: 'choice',
    choices: choicesOf(CONFIDENTIALITIES, confidentialityTexts),
  },
  ...HOLD_FIELDS,
  SUMMARY_FIELD,
];

/** What the matter is, and its status, which only goes forward. */
export function MatterHead({ view, isEditor }: { view: MatterView; isEditor: boolean }) {
  const t = useText();
  const { go } = useRoute();
  const { matter, reloadMatter } = view;
  const { matterId, version, status } = matter;
  const [isEditing, setIsEditing] = useState(false);
  const [outcome, setOutcome] = useState(false);
  const editButton = useFocusAfter(isEditing);
  const become = async (next: Matter['status']) => {
    await changeMatter(matterId, version, { status: next });
    await reloadMatter();
  };
  return (
    <section className="card" aria-labelledby="about-title">
      <h2 id="about-title">{t(matterTexts.about)}</h2>
      {isEditing ? (
        <EntryForm
          fields={status === 'closed' ? HOLD_FIELDS : HEAD_FIELDS}
          row={matter as unknown as Versioned}
          label={matterTexts.about}
          submit={matterTexts.save}
          latest={async () => (await reloadMatter()) as unknown as Versioned}
          onCancel={() => setIsEditing(false)}
          send={async (said, seen) => {
            await changeMatter(matterId, seen, said);
            await reloadMatter();
            setIsEditing(false);
            setOutcome(true);
          }}
        />
      ) : (
        <HeadFacts matter={matter} />
      )}
      <p role="status" className="outcome">
        {outcome && !isEditing && t(matterTexts.saved)}
      </p>
      {isEditor && !isEditing && (
        <div className="buttons no-print">
          <Button ref={editButton} onClick={() => setIsEditing(true)}>
            {t(matterTexts.edit)}
          </Button>
          {status === 'draft' && (
            <AskOnce
              label={matterTexts.openMatter}
              ask={matterTexts.openMatterAsk}
              onYes={() => become('open')}
              onConflict={reloadMatter}
            />
          )}
          {status === 'open' && (
            <AskOnce
              label={matterTexts.closeMatter}
              ask={matterTexts.closeMatterAsk}
              onYes={() => become('closed')}
              onConflict={reloadMatter}
            />
          )}
          {status === 'draft' && matter.legalHold === false && (
            <AskOnce
              label={matterTexts.removeMatter}
              ask={matterTexts.removeMatterAsk}
              yes={matterTexts.yesRemove}
              onConflict={reloadMatter}
              onYes={async () => {
                await removeMatter(matterId, version);
                go('/matters');
              }}
            />
          )}
        </div>
      )}
    </section>
  );
}

export function HeadFacts({ matter }: { matter: Matter }) {
  const t = useText();
  const { status, confidentiality, legalHold } = matter;
  return (
    <dl className="facts">
      <Row label={matterTexts.dispute}>{t(disputeTexts[matter.dispute])}</Row>
      <Row label={matterTexts.status}>
        <strong data-status={status}>{t(statusTexts[status])}</strong>{' '}
        {/* What follows from it concerns those who work on the matter. */}
        {matter.relation === 'own' && <span className="hint">{t(statusMeanings[status])}</span>}
      </Row>
      <Row label={matterTexts.confidentiality}>
        {t(confidentialityTexts[confidentiality])}{' '}
        <span className="hint">{t(confidentialityMeanings[confidentiality])}</span>
      </Row>
      {legalHold !== null && (
        <Row label={matterTexts.legalHold}>
          <span data-hold={legalHold}>{t(legalHold ? matterTexts.holdOn : matterTexts.holdOff)}</span>
          {matter.legalHoldReason !== null && (
            <span className="hint wrap-anywhere">
              {' '}
              {t(matterTexts.holdReason)}: {matter.legalHoldReason}
            </span>
          )}
        </Row>
      )}
      <Row label={matterTexts.summary}>
        <span className="pre-line">{matter.summary ?? t(matterTexts.notSaid)}</span>
      </Row>
      <Row label={matterTexts.createdAt}>{beijingTime(matter.createdAt)}</Row>
      <Row label={matterTexts.changedAt}>{beijingTime(matter.changedAt)}</Row>
    </dl>
  );
}
