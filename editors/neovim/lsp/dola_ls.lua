---@brief
---
--- dola-ls: a code model as code actions (explain, refactor, generate tests).
---
--- Put this file on the 'runtimepath' as `lsp/dola_ls.lua` and call `vim.lsp.enable('dola_ls')`.
--- Key, endpoint and the command that fetches a key come from the environment or from the user
--- file of dola-ls, never from here: `dola-ls check` shows what it found and where.

---Filetypes whose name is not the one that the protocol has for the language.
local language_ids = {
  bash = 'shellscript',
  cs = 'csharp',
  make = 'makefile',
  sh = 'shellscript',
  zsh = 'shellscript',
}

---Refuse an edit that was made for another version of a buffer, so that the server makes it anew.
---Neovim 0.11 applies it where the version is 0 (a buffer not edited yet), in the wrong place then,
---and where it drops it, it tells the server that it was applied.
local function apply_edit(err, params, ctx)
  local versions = vim.lsp.util.buf_versions
  for _, change in ipairs(versions and params.edit.documentChanges or {}) do
    local document = change.textDocument
    if document and type(document.version) == 'number' then
      if document.version ~= versions[vim.uri_to_bufnr(document.uri)] then
        return { applied = false, failureReason = 'the buffer has changed' }
      end
    end
  end
  return vim.lsp.handlers['workspace/applyEdit'](err, params, ctx)
end

---How many lines above and below the cursor problems are told of: a function is rarely longer.
local near = 200

---Everything that any server or linter reports near a range, as the protocol writes it.
local function problems(client, bufnr, range)
  local function position(lnum, col)
    local line = vim.api.nvim_buf_get_lines(bufnr, lnum, lnum + 1, false)[1] or ''
    col = math.min(col, #line)
    return { line = lnum, character = vim.str_utfindex(line, client.offset_encoding, col, false) }
  end
  local found = {}
  for _, problem in ipairs(vim.diagnostic.get(bufnr)) do
    local end_lnum = problem.end_lnum or problem.lnum
    if end_lnum >= range.start.line - near and problem.lnum <= range['end'].line + near then
      local lsp = vim.tbl_get(problem, 'user_data', 'lsp') or {}
      found[#found + 1] = {
        range = {
          start = position(problem.lnum, problem.col),
          ['end'] = position(end_lnum, problem.end_col or problem.col),
        },
        message = problem.message,
        severity = problem.severity,
        source = problem.source,
        code = problem.code,
        tags = lsp.tags,
      }
    end
  end
  return found
end

---Pass on what the other servers report. Neovim 0.11 tells a server of its own diagnostics only,
---so that there would be nothing to fix.
local function pass_on_problems(client)
  local request = client.request
  client.request = function(self, method, params, ...)
    local automatic = vim.lsp.protocol.CodeActionTriggerKind.Automatic
    local trigger = vim.tbl_get(params or {}, 'context', 'triggerKind')
    if method == 'textDocument/codeAction' and trigger ~= automatic then
      local bufnr = vim.uri_to_bufnr(params.textDocument.uri)
      local context = vim.tbl_extend('force', params.context, {
        diagnostics = problems(client, bufnr, params.range),
      })
      params = vim.tbl_extend('force', params, { context = context })
    end
    return request(self, method, params, ...)
  end
end

---@type vim.lsp.Config
return {
  cmd = { 'dola-ls' },
  -- The languages whose syntax the server knows, then what is usually edited beside them. In the
  -- latter it works on a selection, or on the paragraph at the cursor.
  filetypes = {
    'python',
    'javascript',
    'javascriptreact',
    'typescript',
    'typescriptreact',
    'go',
    'rust',
    'java',
    'c',
    'cpp',
    'cs',
    'ruby',
    'php',

    'bash',
    'css',
    'dockerfile',
    'html',
    'json',
    'jsonc',
    'kotlin',
    'lua',
    'make',
    'markdown',
    'sh',
    'sql',
    'swift',
    'toml',
    'vim',
    'yaml',
    'zsh',
  },
  get_language_id = function(_, filetype)
    return language_ids[filetype] or filetype
  end,
  -- The repository first: one server, one account of what was spent, for all its packages.
  root_markers = {
    '.git',
    '.hg',
    '.jj',
    'pyproject.toml',
    'setup.py',
    'package.json',
    'tsconfig.json',
    'go.mod',
    'Cargo.toml',
    'pom.xml',
    'build.gradle',
    'compile_commands.json',
    'CMakeLists.txt',
    'Gemfile',
    'composer.json',
  },
  -- A buffer outside every project (an explanation the server opened, a scratch file) joins the
  -- server that is already running instead of starting a second one.
  reuse_client = function(client, config)
    if client.name ~= config.name or client:is_stopped() then
      return false
    end
    return config.root_dir == nil or client.root_dir == config.root_dir
  end,
  -- The server hears of a change at once, and not 150 ms later, when an edit may be on its way.
  flags = { debounce_text_changes = 0 },
  handlers = { ['workspace/applyEdit'] = apply_edit },
  on_init = pass_on_problems,
  on_attach = function(client, bufnr)
    local function command(name, lsp_command, desc)
      vim.api.nvim_buf_create_user_command(bufnr, name, function()
        client:exec_cmd({ title = desc, command = lsp_command }, { bufnr = bufnr })
      end, { desc = desc })
    end
    -- Neovim draws no cancel button for a server's progress.
    command('LspDolaCancel', 'dola.cancel', 'Stop every running Dola action')
    command('LspDolaStatus', 'dola.status', 'Say what Dola is doing, and with which provider')
  end,
}
