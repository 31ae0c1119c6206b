import { postJson } from '../api-client.ts';
import { useText } from '../language.tsx';
import { PageTitle } from '../page-title.tsx';
import { useRoute } from '../route.tsx';
import { choicesOf, type EntryField, EntryForm } from './entry-form.tsx';
import { matterSchema } from './matter-answers.ts';
import { DISPUTE_FIELD, SUMMARY_FIELD, TITLE_FIELD } from './matter-head.tsx';
import { confidentialityTexts, matterTexts } from './matter-texts.ts';
import './matter.css';

const CONFIDENTIALITY_FIELD: EntryField = {
  name: 'confidentiality',
  label: matterTexts.confidentiality,
  hint: matterTexts.tradeSecretHint,
  kind: 'choice',
  // What evidence of a dispute usually is comes first.
  choices: choicesOf(['confidential', 'normal', 'trade-secret'] as const, confidentialityTexts),
};

export function NewMatterPage() {
  const t = useText();
  const { go } = useRoute();
  return (
    <>
      <PageTitle title={t(matterTexts.newTitle)} />
      <p>{t(matterTexts.newLead)}</p>
      <div className="card">
        <EntryForm
          fields={[TITLE_FIELD, DISPUTE_FIELD, CONFIDENTIALITY_FIELD, SUMMARY_FIELD]}
          label={matterTexts.newTitle}
          submit={matterTexts.create}
          onCancel={() => go('/matters')}
          send={async (said) => {
            const { matterId } = await postJson('/matters', said, matterSchema);
            go(`/matters/${matterId}`);
          }}
        />
      </div>
    </>
  );
}
