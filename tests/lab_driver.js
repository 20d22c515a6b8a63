/**
 * What the browser tests do inside JupyterLab and Notebook 7, through the app itself rather than by clicks.
 * Every step is raced against a deadline, since `page.evaluate` has none of its own.
 */
window.labDriver = (() => {
  const pause = () => new Promise((resolve) => setTimeout(resolve, 25));

  /** Wait until `probe` returns something true, and return that. */
  async function until(probe) {
    for (;;) {
      const value = probe();
      if (value) return value;
      await pause();
    }
  }

  const app = () => until(() => window.jupyterapp);

  /** The notebook in front, loaded and shown. */
  async function notebook() {
    const { shell } = await app();
    const panel = await until(() => {
      const widget = shell.currentWidget;
      return widget?.content?.model && widget.sessionContext ? widget : null;
    });
    await panel.context.ready;
    await panel.revealed;
    return panel;
  }

  async function idleKernel(panel) {
    await panel.sessionContext.ready;
    return until(() => {
      const kernel = panel.sessionContext.session?.kernel;
      return kernel?.connectionStatus === "connected" && kernel.status === "idle" ? kernel : null;
    });
  }

  const steps = {
    /** Wait for the page, the notebook and its kernel. */
    async ready({ collapseSidebar }) {
      const lab = await app();
      await lab.started;
      await lab.restored;
      // The list of files takes 250 px: on a narrow page it leaves the notebook 50.
      if (collapseSidebar) lab.shell.collapseLeft?.();
      await idleKernel(await notebook());
    },

    /** Run every cell; the command resolves when each has replied. */
    async runAll() {
      const panel = await notebook();
      await (await app()).commands.execute("notebook:run-all-cells");
      await idleKernel(panel);
      return panel.content.model.sharedModel.toJSON().cells.filter((cell) => cell.cell_type === "code");
    },

    /** Run code in the kernel beside the notebook; return what it printed, or its error. */
    async execute({ code }) {
      const kernel = (await notebook()).sessionContext.session.kernel;
      const reply = { text: "", error: null };
      const future = kernel.requestExecute({ code, store_history: false });
      future.onIOPub = ({ header, content }) => {
        if (header.msg_type === "stream") reply.text += content.text;
        if (header.msg_type === "error") reply.error = `${content.ename}: ${content.evalue}`;
      };
      await future.done;
      return reply;
    },

    async restartKernel() {
      const panel = await notebook();
      await panel.sessionContext.session.kernel.restart();
      await idleKernel(panel);
    },

    async save() {
      await (await notebook()).context.save();
    },
  };

  return ({ step, options, milliseconds }) => {
    const late = new Promise((_, reject) => {
      setTimeout(() => reject(new Error(`${step}: not done after ${milliseconds} ms`)), milliseconds);
    });
    return Promise.race([steps[step](options), late]);
  };
})();
