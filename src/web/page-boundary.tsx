import { Alert, Button } from 'antd';
import { Component, type ReactNode } from 'react';
import { useText } from './language.tsx';
import { texts } from './texts.ts';

/** Instead of an empty page: says so when the program of a page did not come, or failed, and offers to load it anew. */
export class PageBoundary extends Component<{ children: ReactNode }, { error?: unknown }> {
  override state: { error?: unknown } = {};

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    return 'error' in this.state ? <PageNotShown error={this.state.error} /> : this.props.children;
  }
}

function PageNotShown({ error }: { error: unknown }) {
  const t = useText();
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={t(texts.pageNotShown)}
      description={
        <>
          <p>{t(texts.pageNotShownWhy)}</p>
          <p className="hint wrap-anywhere" lang="en">
            {String(error)}
          </p>
          <Button onClick={() => location.reload()}>{t(texts.loadAnew)}</Button>
        </>
      }
    />
  );
}
