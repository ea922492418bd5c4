-- The command `:Dola` and the `<Plug>` maps. Nothing is required here: what they need is loaded
-- when they are first used.

if vim.g.loaded_dola then
  return
end
vim.g.loaded_dola = true

if vim.fn.has('nvim-0.11') == 0 then
  vim.api.nvim_create_user_command('Dola', function()
    vim.notify('Dola needs Neovim 0.11 or newer. Nothing was done.', vim.log.levels.ERROR)
  end, { nargs = '*', range = true, desc = 'Dola needs Neovim 0.11 or newer' })
  return
end

vim.api.nvim_create_user_command('Dola', function(call)
  require('dola.command').run(call)
end, {
  nargs = '*',
  range = true,
  desc = 'Explain, change, test or document code with dola-ls',
  complete = function(lead, line)
    return require('dola.command').complete(lead, line)
  end,
})

for _, name in ipairs({
  'explain',
  'refactor',
  'tests',
  'fix',
  'document',
  'do',
  'describe-image',
  'write-from-image',
  'describe-video',
}) do
  vim.keymap.set({ 'n', 'x' }, ('<Plug>(dola-%s)'):format(name), function()
    require('dola').run(name)
  end, { desc = 'Dola: ' .. name })
end
vim.keymap.set({ 'n', 'x' }, '<Plug>(dola-show)', function()
  require('dola').show('refactor')
end, { desc = 'Dola: show what a refactoring would send' })
vim.keymap.set({ 'n', 'x' }, '<Plug>(dola-own)', function()
  require('dola').own()
end, { desc = 'Dola: run an action of your own' })
for _, name in ipairs({ 'cancel', 'reasoning', 'review', 'status', 'withdraw' }) do
  vim.keymap.set('n', ('<Plug>(dola-%s)'):format(name), function()
    require('dola')[name == 'status' and 'tell_status' or name]()
  end, { desc = 'Dola: ' .. name })
end

vim.api.nvim_create_autocmd('LspProgress', {
  group = vim.api.nvim_create_augroup('dola', {}),
  desc = 'Show what Dola is doing',
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'dola_ls' then
      require('dola.progress').take(client, event.data.params)
    end
  end,
})
