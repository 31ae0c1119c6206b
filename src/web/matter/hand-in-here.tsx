import { Button } from 'antd';
import { arrangeDraft, useDraft } from '../hand-in/hand-in-draft.ts';
import { useText } from '../language.tsx';
import { useRoute } from '../route.tsx';
import { useAccount } from '../sign-in/account.tsx';
import type { Matter } from './matter-answers.ts';
import { matterTexts } from './matter-texts.ts';

/** Goes to the page for handing in with this matter chosen: what is deposited there becomes an item here. */
export function HandInHere({ matter }: { matter: Matter }) {
  const t = useText();
  const { go } = useRoute();
  const { account } = useAccount();
  // The draft becomes this account's before anything is arranged in it.
  useDraft(account.state === 'signed-in' ? account.me.accountId : '');
  const { matterId, title } = matter;
  return (
    <Button
      onClick={() => {
        arrangeDraft({ matter: { kind: 'existing', matterId, title } });
        go('/hand-in');
      }}
    >
      {t(matterTexts.handInHere)}
    </Button>
  );
}
