---Tell the user something. Goes through |vim.notify()|, so that a notifier can show it its way.
---@param text string
---@param level? integer One of |vim.log.levels|; a warning if none is given.
return function(text, level)
  vim.notify('Dola: ' .. text, level or vim.log.levels.WARN, { title = 'Dola' })
end
