import { useText } from '../language.tsx';
import { Row } from '../report-parts.tsx';
import { DepositLine } from './deposit-line.tsx';
import { choicesOf, type EntryField, plain } from './entry-form.tsx';
import { EntryList } from './entry-list.tsx';
import { LinkDeposit } from './link-deposit.tsx';
import { type Party, PROOF_KINDS, RIGHT_KINDS, type Right } from './matter-answers.ts';
import { addRow } from './matter-client.ts';
import { MatterSection } from './matter-section.tsx';
import { matterTexts, proofKindTexts, rightKindTexts } from './matter-texts.ts';
import { depositOf, type MatterView } from './matter-view.ts';

const PROOF_FIELDS: readonly EntryField[] = [
  {
    name: 'kind',
    label: matterTexts.proofKind,
    kind: 'choice',
    choices: choicesOf(PROOF_KINDS, proofKindTexts),
  },
  { name: 'remark', label: matterTexts.remark, kind: 'line', maxLength: 2000 },
];

function rightFields(parties: readonly Party[]): EntryField[] {
  const holders = parties.filter((party) => party.role === 'holder');
  return [
    { name: 'title', label: matterTexts.rightTitle, kind: 'line', maxLength: 200, required: true },
    {
      name: 'kind',
      label: matterTexts.rightKind,
      kind: 'choice',
      choices: choicesOf(RIGHT_KINDS, rightKindTexts),
    },
    { name: 'registrationNo', label: matterTexts.registrationNo, kind: 'line', maxLength: 100 },
    {
      name: 'holderPartyId',
      label: matterTexts.holder,
      hint: matterTexts.holderHint,
      kind: 'choice',
      choices: [
        { value: '', text: matterTexts.notSaid },
        ...holders.map(({ partyId, name }) => ({ value: partyId, text: plain(name) })),
      ],
    },
    { name: 'validFrom', label: matterTexts.validFrom, kind: 'day' },
    { name: 'validUntil', label: matterTexts.validUntil, kind: 'day' },
    { name: 'remark', label: matterTexts.remark, kind: 'lines', maxLength: 2000 },
  ];
}

/** What the right holder says he owns, and the deposits that are to show it. */
export function RightsSection({ view }: { view: MatterView }) {
  const { rights, parties } = view.parts;
  return (
    <MatterSection id="rights" title={matterTexts.rights} lead={matterTexts.rightsLead} count={rights.length}>
      <EntryList
        view={view}
        part="rights"
        rows={rights}
        fields={rightFields(parties)}
        addLabel={matterTexts.addRight}
        nameOf={(right) => right.title}
        below={(right) => <Proofs view={view} right={right} />}
      >
        {(right) => <RightFacts right={right} parties={parties} />}
      </EntryList>
    </MatterSection>
  );
}

export function RightFacts({ right, parties }: { right: Right; parties: readonly Party[] }) {
  const t = useText();
  const holder = parties.find((party) => party.partyId === right.holderPartyId);
  const { validFrom, validUntil } = right;
  return (
    <>
      <h3 className="wrap-anywhere">
        <bdi>{right.title}</bdi> <span className="hint">{t(rightKindTexts[right.kind])}</span>
      </h3>
      <dl className="facts">
        <Row label={matterTexts.holder}>{holder?.name ?? t(matterTexts.notSaid)}</Row>
        <Row label={matterTexts.registrationNo}>{right.registrationNo ?? t(matterTexts.notSaid)}</Row>
        {(validFrom !== null || validUntil !== null) && (
          <Row label={matterTexts.validity}>
            {validFrom ?? '…'} – {validUntil ?? '…'}
          </Row>
        )}
        {right.remark !== null && (
          <Row label={matterTexts.remark}>
            <span className="pre-line">{right.remark}</span>
          </Row>
        )}
      </dl>
    </>
  );
}

function Proofs({ view, right }: { view: MatterView; right: Right }) {
  const t = useText();
  const proofs = view.parts.proofs.filter((proof) => proof.rightId === right.rightId);
  return (
    <div className="within">
      <h4>{t(matterTexts.proofs)}</h4>
      <EntryList
        view={view}
        part="proofs"
        rows={proofs}
        fields={PROOF_FIELDS}
        addLabel={matterTexts.addProof}
        canAdd={false}
        nameOf={(proof) => depositOf(view, proof.depositId)?.title ?? t(proofKindTexts[proof.kind])}
      >
        {(proof) => (
          <p className="wrap-anywhere">
            {t(proofKindTexts[proof.kind])}: <DepositLine view={view} depositId={proof.depositId} />
            {proof.remark !== null && <span className="hint"> {proof.remark}</span>}
          </p>
        )}
      </EntryList>
      {view.mayEdit && (
        <LinkDeposit
          label={matterTexts.addProof}
          about={right.title}
          submit={matterTexts.add}
          fields={PROOF_FIELDS}
          taken={new Set(proofs.map((proof) => proof.depositId))}
          send={async (said) => {
            await addRow(view.matter.matterId, 'proofs', { ...said, rightId: right.rightId });
            await view.reload('proofs');
          }}
        />
      )}
    </div>
  );
}
